import BerayAPI
import Synchronization
import VFS

/// What a name stands for.
enum WorkNode: Sendable {
  case file(WorkFile)
  case directory(WorkDirectory)
  case link(WorkLink)

  var node: any Node {
    switch self {
    case .file(let file): file
    case .directory(let directory): directory
    case .link(let link): link
    }
  }

  var inode: InodeID { node.inode }

  var file: WorkFile? {
    if case .file(let file) = self { file } else { nil }
  }

  var directory: WorkDirectory? {
    if case .directory(let directory) = self { directory } else { nil }
  }

  /// Whether no listing changes what a lookup of it gives.
  var needsNoNews: Bool {
    if case .file(let file) = self { file.known { $0.ignoresServer } } else { staysUnlisted }
  }

  /// Whether it exists in this mount alone, or holds bytes that the server has not.
  var staysUnlisted: Bool {
    switch self {
    case .file(let file): file.known { $0.staysUnlisted }
    case .directory(let directory): directory.isNew
    case .link: false
    }
  }

  /// Whether `entry` of a listing is of the same kind, so that it may be the same node.
  func isSameKind(as entry: FileEntry) -> Bool {
    switch (self, entry.kind) {
    case (.file, .file), (.directory, .directory): true
    case (.link(let link), .symbolicLink): link.target == entry.target
    default: false
    }
  }
}
