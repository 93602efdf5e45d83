import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// `wait`: a read blocks until the task has ended, then gives its status.
final class WaitFile: Node {
  let inode: InodeID
  let path: String
  var kind: FileKind { .regular }
  private let feed: TaskFeed
  private let wakeups: Wakeups
  private let context: MountContext

  init(_ inode: InodeID, path: String, feed: TaskFeed, wakeups: Wakeups, context: MountContext) {
    self.inode = inode
    self.path = path
    self.feed = feed
    self.wakeups = wakeups
    self.context = context
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(inode, .regular, permissions: 0o400, size: 0, modified: feed.modified)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    guard !flags.contains(.write) else { return .failed(.permissionDenied) }
    return feed.ensureFresh(needsEvents: false).map { [feed, wakeups] in
      OpenedFile(WaitHandle(feed: feed, wakeups: wakeups), options: [.directIO, .noFlush])
    }
  }
}

/// An open ``WaitFile``.
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
