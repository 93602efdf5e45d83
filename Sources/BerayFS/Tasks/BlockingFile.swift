import SystemPackage
import VFS

/// `stream` and `wait`: a file whose reads block until the task has news. It is not listed and has no size.
final class BlockingFile: Node {
  let inode: InodeID
  let path: String
  var kind: FileKind { .regular }
  private let feed: TaskFeed
  private let context: MountContext
  private let options: OpenReply.Options
  private let makeHandle: @Sendable () -> Outcome<any OpenFile>

  /// - Parameters:
  ///   - options: what its handles have besides direct I/O.
  ///   - makeHandle: opens it for reading.
  init<Handle: OpenFile>(
    _ inode: InodeID, path: String, feed: TaskFeed, context: MountContext, options: OpenReply.Options = [],
    makeHandle: @escaping @Sendable () -> Outcome<Handle>
  ) {
    self.inode = inode
    self.path = path
    self.feed = feed
    self.context = context
    self.options = options.union([.directIO, .noFlush])
    self.makeHandle = { makeHandle().map { $0 } }
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(inode, .regular, permissions: 0o400, size: 0, modified: feed.modified)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    guard !flags.contains(.write) else { return .failed(.permissionDenied) }
    return makeHandle().map { [options] in OpenedFile($0, options: options) }
  }
}
