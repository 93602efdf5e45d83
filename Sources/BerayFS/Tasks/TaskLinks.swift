import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// A directory of symbolic links to some of the tasks, such as `by-status/RUNNING/` and `today/`: a view that copies nothing.
final class TaskLinks: DirectoryNode {
  let inode: InodeID
  let path: String
  private let context: MountContext
  private let registry: TaskRegistry
  private let monitor: ServiceMonitor
  private let isMember: @Sendable (TaskDirectory) -> Bool
  private let links = Mutex<[TaskID: TaskLink]>([:])

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
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(
      inode, .directory, permissions: 0o500, size: 0, modified: registry.modified, links: 2)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func lookup(_ name: Name, caller: Caller) -> Outcome<FoundNode> {
    freshen().then { [self] _ in
      guard let task = registry.task(named: name), task.name == name || name == Name(task.id.description),
        isMember(task)
      else { return .failed(.noSuchFileOrDirectory) }
      return .ready(FoundNode(node: link(to: task), nameTimeout: .zero))
    }
  }

  func freshen() -> Outcome<KernelCopy> { registry.freshened(monitor).map { .none } }

  func names(forKernel: Bool) -> [ListedName] {
    let members = registry.snapshot.tasks.filter(isMember)
    dropLinks(except: Set(members.map(\.id)))
    return members.compactMap { task in
      RootDirectory.cookie(of: task.id).map { ListedName(name: task.name, cookie: $0, node: link(to: task)) }
    }
  }

  func entry(of listed: ListedName) -> ListedEntry? { ListedEntry(listed.node, nameTimeout: .zero) }

  private func link(to task: TaskDirectory) -> TaskLink {
    if let known = links.withLock({ $0[task.id] }) { return known }
    // From the depth of this directory back to the root.
    let up = String(repeating: "../", count: path.split(separator: "/").count)
    let made = context.inodes.add {
      TaskLink($0, to: task, target: up + task.name.string, path: path, context: context)
    }
    let kept = links.withLock { links in
      let kept = links[task.id] ?? made
      links[task.id] = kept
      return kept
    }
    if kept !== made { context.inodes.retire(made.inode) }
    return kept
  }

  private func dropLinks(except members: Set<TaskID>) {
    let gone = links.withLock { links in
      let gone = links.filter { !members.contains($0.key) }.map(\.value)
      links = links.filter { members.contains($0.key) }
      return gone
    }
    for link in gone { context.inodes.retire(link.inode) }
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
