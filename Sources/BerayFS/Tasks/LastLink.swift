import SystemPackage
import VFS

/// `last`: a symbolic link to the newest task that was created through this mount.
final class LastLink: Node {
  let inode: InodeID
  var kind: FileKind { .symbolicLink }
  var path: String { "last" }
  private let context: MountContext
  private let registry: TaskRegistry

  init(_ inode: InodeID, context: MountContext, registry: TaskRegistry) {
    self.inode = inode
    self.context = context
    self.registry = registry
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    guard let task = registry.newest else { return .failed(.noSuchFileOrDirectory) }
    let attributes = context.attributes(
      inode, .symbolicLink, permissions: 0o777, size: Int64(task.name.utf8.count), modified: task.feed.modified)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> { .failed(.tooManySymbolicLinkLevels) }

  func readlink() -> Outcome<String> {
    guard let task = registry.newest else { return .failed(.noSuchFileOrDirectory) }
    return .ready(task.name.string)
  }
}
