import BerayAPI
import SystemPackage
import VFS

/// A directory of symbolic links to some of the tasks, such as `by-status/RUNNING/` and `today/`.
final class TaskLinks: RegistryView {
  let inode: InodeID
  let path: String
  let context: MountContext
  let registry: TaskRegistry
  let monitor: ServiceMonitor
  private let isMember: @Sendable (TaskDirectory) -> Bool
  private let links: ViewNodes<TaskID, TaskLink>

  init(
    _ inode: InodeID, path: String, context: MountContext, registry: TaskRegistry, monitor: ServiceMonitor,
    isMember: @escaping @Sendable (TaskDirectory) -> Bool
  ) {
    self.inode = inode
    self.path = path
    self.context = context
    self.registry = registry
    self.monitor = monitor
    self.isMember = isMember
    links = ViewNodes(context.inodes)
  }

  func lookup(_ name: Name, caller: Caller) -> Outcome<FoundNode> {
    freshen().then { [self] _ in
      guard let task = registry.task(named: name), task.name == name || name == Name(task.id.description),
        isMember(task)
      else { return .failed(.noSuchFileOrDirectory) }
      return .ready(FoundNode(node: link(to: task), nameTimeout: .zero))
    }
  }

  func names(forKernel: Bool) -> [ListedName] {
    let members = registry.snapshot.tasks.filter(isMember)
    links.keep(Set(members.map(\.id)))
    return members.compactMap { task in
      RootDirectory.cookie(of: task.id).map { ListedName(name: task.name, cookie: $0, node: link(to: task)) }
    }
  }

  private func link(to task: TaskDirectory) -> TaskLink {
    links.node(for: task.id) { inode in
      // From the depth of this directory back to the root.
      let up = String(repeating: "../", count: path.split(separator: "/").count)
      return TaskLink(inode, to: task, target: up + task.name.string, path: path, context: context)
    }
  }
}

/// One link of ``TaskLinks``.
final class TaskLink: Node {
  let inode: InodeID
  var kind: FileKind { .symbolicLink }
  let path: String
  private let target: String
  private let modified: @Sendable () -> Timestamp
  private let context: MountContext

  init(_ inode: InodeID, to task: TaskDirectory, target: String, path: String, context: MountContext) {
    self.inode = inode
    self.path = "\(path)/\(task.name)"
    self.target = target
    self.context = context
    modified = { [feed = task.feed] in feed.modified }
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(
      inode, .symbolicLink, permissions: 0o777, size: Int64(target.utf8.count), modified: modified())
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> { .failed(.tooManySymbolicLinkLevels) }
  func readlink() -> Outcome<String> { .ready(target) }
}
