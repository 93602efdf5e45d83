import Synchronization

/// A temporary last line on a terminal. Remembers whether it is shown, so that it is removed before other output.
final class StatusLine: Sendable {
  private let isShown = Mutex(false)

  func show(_ line: String, _ channel: Terminal.Channel) {
    isShown.withLock { isShown in
      isShown = true
      try? channel.write(Array("\r\(line)\u{1B}[K".utf8))
    }
  }

  func hide(_ channel: Terminal.Channel) {
    isShown.withLock { isShown in
      guard isShown else { return }
      isShown = false
      try? channel.write(Array("\r\u{1B}[K".utf8))
    }
  }
}
