import BerayAPI
import SystemPackage
import VFS

/// `by-status/`: a directory of links for each status that a task can have. A word that this client does not know has a
/// directory of its own while a task has that status.
final class StatusDirectory: RegistryView {
  let inode: InodeID
  var path: String { "by-status" }
  let context: MountContext
  let registry: TaskRegistry
  let monitor: ServiceMonitor
  private let directories: ViewNodes<Name, TaskLinks>

  init(_ inode: InodeID, context: MountContext, registry: TaskRegistry, monitor: ServiceMonitor) {
    self.inode = inode
    self.context = context
    self.registry = registry
    self.monitor = monitor
    directories = ViewNodes(context.inodes)
  }

  func lookup(_ name: Name, caller: Caller) -> Outcome<FoundNode> {
    freshen().then { [self] _ in
      current.contains(name)
        ? .ready(FoundNode(node: directory(name), nameTimeout: .zero)) : .failed(.noSuchFileOrDirectory)
    }
  }

  func names(forKernel: Bool) -> [ListedName] {
    current.enumerated().map { index, name in
      ListedName(name: name, cookie: UInt64(index + 3), node: directory(name))
    }
  }

  private static let known: [Name] = ["PENDING", "RUNNING", "COMPLETED", "FAILED", "STOPPED"]

  private var current: [Name] {
    let further = Set(registry.snapshot.tasks.map { Self.name(of: $0.feed.task.status) }).subtracting(Self.known)
    return Self.known + further.sorted()
  }

  private func directory(_ name: Name) -> TaskLinks {
    directories.node(for: name) { inode in
      TaskLinks(inode, path: "by-status/\(name)", context: context, registry: registry, monitor: monitor) { task in
        Self.name(of: task.feed.task.status) == name
      }
    }
  }

  /// The directory for a status: one for each meaning, whichever word the server uses.
  static func name(of status: TaskStatus) -> Name {
    switch status.phase {
    case .pending: return "PENDING"
    case .running: return "RUNNING"
    case .completed: return "COMPLETED"
    case .failed: return "FAILED"
    case .stopped: return "STOPPED"
    case .unknown:
      var name = ""
      // The server's word becomes a file name: no separators, and not too long.
      for character in ShownText.escaped(status.text) {
        guard name.utf8.count + character.utf8.count <= 80 else { break }
        name += character == "/" ? "-" : String(character)
      }
      return Name(name.isEmpty || name == "." || name == ".." ? "UNKNOWN" : name)
    }
  }
}
