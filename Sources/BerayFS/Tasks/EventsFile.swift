import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// `events` and `events.log`: every event so far, a line each. They grow while the task runs, and never change what they
/// have shown.
final class EventsFile: Node {
  let inode: InodeID
  let path: String
  var kind: FileKind { .regular }
  private let rendering: Rendering
  private let feed: TaskFeed
  private let context: MountContext
  private let handles = Atomic(0)

  init(_ inode: InodeID, path: String, rendering: Rendering, feed: TaskFeed, context: MountContext) {
    self.inode = inode
    self.path = path
    self.rendering = rendering
    self.feed = feed
    self.context = context
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    // An open log tells what it has: its stream keeps it new, and no stat waits for the network or fails with it. The
    // kernel does not tell which of the two stats of an open file is meant.
    if handles.load(ordering: .relaxed) > 0, feed.hasEvents { return .ready(reply) }
    return feed.ensureFresh(needsEvents: !feed.remembersSizes).map { self.reply }
  }

  private var reply: AttributeReply {
    // Read the status first: the size that goes with "finished" is final.
    let isFinished = feed.isFinished
    let attributes = context.attributes(
      inode, .regular, permissions: 0o400, size: feed.size(of: rendering), modified: feed.modified)
    // While the log grows the kernel keeps no size, so that it never shows bytes that are not there.
    return AttributeReply(attributes, timeout: isFinished ? context.options.window(finished: true) : .zero)
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    guard !flags.contains(.write) else { return .failed(.permissionDenied) }
    return feed.ensureFresh(needsEvents: true).map { [self] in
      let handle = EventsHandle(feed: feed, rendering: rendering) { [self] change in
        handles.add(change, ordering: .relaxed)
      }
      return OpenedFile(handle, options: [.directIO, .noFlush])
    }
  }

  /// The log has grown: the kernel learns it before anybody sees a larger size.
  func grew() { context.notifier.invalidate(inode, pages: false) }
}

/// An open ``EventsFile``: holds the task's stream while the task runs.
final class EventsHandle: OpenFile {
  private let feed: TaskFeed
  private let rendering: Rendering
  private let count: @Sendable (Int) -> Void

  /// - Parameter count: called with 1 here and with -1 when it is released.
  init(feed: TaskFeed, rendering: Rendering, count: @escaping @Sendable (Int) -> Void) {
    self.feed = feed
    self.rendering = rendering
    self.count = count
    count(1)
    feed.hold()
  }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    let bytes = feed.read(rendering, offset: offset, count: count)
    // Whoever follows the log of a deleted task would wait for ever.
    if bytes.isEmpty, feed.isRemoved, !feed.isFinished { return .failed(.staleNFSFileHandle) }
    return .ready(bytes)
  }

  func release() -> Outcome<Void> {
    count(-1)
    feed.letGo()
    return .done
  }
}
