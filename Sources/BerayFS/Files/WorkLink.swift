import SystemPackage
import VFS

/// A symbolic link of a work directory, whose target stays beneath `files/`.
final class WorkLink: Node {
  let inode: InodeID
  let target: String
  var kind: FileKind { .symbolicLink }
  var path: String { "\(directory.path)/\(name)" }
  let name: Name
  let directory: WorkDirectory
  private let modified: Timestamp

  init(_ inode: InodeID, name: Name, target: String, in directory: WorkDirectory, modified: Timestamp) {
    self.inode = inode
    self.name = name
    self.target = target
    self.directory = directory
    self.modified = modified
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let tree = directory.tree
    let attributes = tree.context.attributes(
      inode, .symbolicLink, permissions: 0o777, size: Int64(target.utf8.count), modified: modified)
    return .ready(AttributeReply(attributes, timeout: tree.remaining(of: directory)))
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    // The kernel follows links itself.
    .failed(.tooManySymbolicLinkLevels)
  }

  /// The target, unless a rename brought the link to where it leads out of `files/`; the next listing drops it then.
  func readlink() -> Outcome<String> {
    guard LinkTarget.staysInside(target, depth: directory.tree.depth(of: directory)) else {
      return .failed(.noSuchFileOrDirectory)
    }
    return .ready(target)
  }
}
