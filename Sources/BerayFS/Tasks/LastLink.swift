import SystemPackage
import VFS

/// `last`: a symbolic link to the newest of the user's tasks, whoever made it.
final class LastLink: Node {
  let inode: InodeID
  var kind: FileKind { .symbolicLink }
  var path: String { "last" }
  private let context: MountContext
  private let target: @Sendable () -> (name: String, modified: Timestamp)?

  init(_ inode: InodeID, context: MountContext, registry: TaskRegistry) {
    self.inode = inode
    self.context = context
    target = { registry.newest.map { ($0.name.string, $0.feed.modified) } }
  }

  /// What a session finds at `last` after its goal was refused: a link that leads nowhere, so that no older task is
  /// taken for the new one.
  init(refusedAt inode: InodeID, context: MountContext) {
    self.inode = inode
    self.context = context
    target = { ("the last goal was refused: see .beray/errors", context.failures.text.modified) }
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    guard let (name, modified) = target() else { return .failed(.noSuchFileOrDirectory) }
    let attributes = context.attributes(
      inode, .symbolicLink, permissions: 0o777, size: Int64(name.utf8.count), modified: modified)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> { .failed(.tooManySymbolicLinkLevels) }

  func readlink() -> Outcome<String> {
    target().map { .ready($0.name) } ?? .failed(.noSuchFileOrDirectory)
  }
}
