import Synchronization
import SystemPackage
import VFS

/// An open `stream` or `follow`: the lines of `events` or `events.log`. A read blocks until there is another line, or the
/// task has ended. The handle keeps the position itself, because the kernel passes no useful offset for a file that
/// cannot seek.
final class StreamHandle: OpenFile {
  private let feed: TaskFeed
  private let rendering: Rendering
  private let wakeups: Wakeups
  private let state = Mutex<(cursor: Int64, handle: HandleID?)>((0, nil))

  init(feed: TaskFeed, rendering: Rendering, wakeups: Wakeups) {
    self.feed = feed
    self.rendering = rendering
    self.wakeups = wakeups
    feed.hold()
  }

  func opened(as handle: HandleID) {
    state.withLock { $0.handle = handle }
    wakeups.add(handle)
  }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    let bytes = take(count)
    if !bytes.isEmpty { return .ready(bytes) }
    if flags.contains(.nonBlocking), !feed.isOver { return .failed(.resourceTemporarilyUnavailable) }
    return .pending { [self] () async throws(Errno) in
      while true {
        let cursor = state.withLock { $0.cursor }
        guard try await feed.waitForMore(than: cursor, of: rendering) else { return [] }
        let bytes = take(count)
        if !bytes.isEmpty { return bytes }
      }
    }
  }

  /// The next bytes; moves the cursor behind them.
  private func take(_ count: Int) -> ArraySlice<UInt8> {
    state.withLock { state in
      let bytes = feed.read(rendering, offset: state.cursor, count: count)
      state.cursor += Int64(bytes.count)
      return bytes
    }
  }

  func poll() -> PollEvents {
    let cursor = state.withLock { $0.cursor }
    return feed.size(of: rendering) > cursor || feed.isOver ? [.readable] : []
  }

  func release() -> Outcome<Void> {
    if let handle = state.withLock({ $0.handle }) { wakeups.remove(handle) }
    feed.letGo()
    return .done
  }
}
