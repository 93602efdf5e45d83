import Glibc
import Synchronization

/// How a process in the background tells who started it that it serves, or why it does not.
///
/// The word `ready` and a newline, or the reason, then the end of the pipe.
final class ReadySignal: Sendable {
  private let descriptor: Mutex<Int32?>

  /// - Parameter descriptor: the pipe's write end, which this value then owns; nil: nobody waits.
  init(descriptor: Int32?) {
    if let descriptor { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    self.descriptor = Mutex(descriptor)
  }

  /// - Returns: false where whoever started this process is gone.
  @discardableResult
  func ready() -> Bool { send("ready\n") }

  @discardableResult
  func failed(_ reason: String) -> Bool { send(reason + "\n") }

  /// Whether somebody waits for the word.
  var isAwaited: Bool { descriptor.withLock { $0 != nil } }

  private func send(_ text: String) -> Bool {
    guard let descriptor = descriptor.withLock({ $0.take() }) else { return true }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    return write(descriptor, bytes, bytes.count) == bytes.count
  }
}
