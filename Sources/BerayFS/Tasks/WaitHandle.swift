import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// An open `wait`: a read blocks until the task has ended, then gives its status.
final class WaitHandle: OpenFile {
  private let feed: TaskFeed
  private let wakeups: Wakeups
  private let handle = Mutex<HandleID?>(nil)

  init(feed: TaskFeed, wakeups: Wakeups) {
    self.feed = feed
    self.wakeups = wakeups
    feed.hold()
  }

  func opened(as handle: HandleID) {
    self.handle.withLock { $0 = handle }
    wakeups.add(handle)
  }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    if feed.isFinished { return .ready(status(offset, count)) }
    if flags.contains(.nonBlocking), !feed.isOver { return .failed(.resourceTemporarilyUnavailable) }
    return .pending { [self] () async throws(Errno) in
      try await feed.waitForEnd()
      return status(offset, count)
    }
  }

  private func status(_ offset: Int64, _ count: Int) -> ArraySlice<UInt8> {
    Array((feed.task.status.text + "\n").utf8).slice(at: offset, count: count)
  }

  func poll() -> PollEvents { feed.isOver ? [.readable] : [] }

  func release() -> Outcome<Void> {
    if let handle = handle.withLock({ $0 }) { wakeups.remove(handle) }
    feed.letGo()
    return .done
  }
}
