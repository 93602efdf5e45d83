import BerayAPI
import BerayClient
import Synchronization
import SystemPackage
import VFS

/// The top of the mount: the tasks, and the few files that belong to none of them.
final class RootDirectory: DirectoryNode {
  let inode: InodeID
  var path: String { "." }

  private let context: MountContext
  private let registry: TaskRegistry
  private let creations: Creations
  private let monitor: ServiceMonitor
  private let fixed: [(name: Name, cookie: UInt64, node: any Node)]
  private let last: LastLink
  /// What the kernel's copy of the listing was made from, and when.
  private let copied = Mutex<(generation: UInt64, at: Duration)?>(nil)

  private static let lastCookie: UInt64 = 5
  /// Cookies of tasks start here; those of the fixed names are below.
  private static let firstTaskCookie: Int64 = 16

  /// Where a task stands in the listing; nil where its number leaves no room for that.
  static func cookie(of id: TaskID) -> UInt64? {
    // The numbers at the end are the kernel's: what it keeps is an off_t.
    guard (0..<Int64.max - 2 * firstTaskCookie).contains(id.rawValue) else { return nil }
    return UInt64(firstTaskCookie + id.rawValue)
  }

  init(
    _ inode: InodeID, context: MountContext, registry: TaskRegistry, creations: Creations, monitor: ServiceMonitor,
    shared: WorkShared
  ) {
    self.inode = inode
    self.context = context
    self.registry = registry
    self.creations = creations
    self.monitor = monitor
    self.last = context.inodes.add { LastLink($0, context: context, registry: registry) }
    let started = context.time.now()
    self.fixed = [
      (
        "README.md", 3,
        context.inodes.add { inode in
          SnapshotFile(inode, path: "README.md", context: context) {
            .ready(
              .init(
                Guide.text(agentAdvice: context.options.agentAdvice), modified: started, timeout: SnapshotFile.forever))
          }
        }
      ),
      ("new", 4, context.inodes.add { NewFile($0, context: context, creations: creations, registry: registry) }),
      (
        ".beray", 6,
        context.inodes.add {
          StateDirectory($0, context: context, monitor: monitor, shared: shared, creations: creations)
        }
      ),
    ]
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(
      inode, .directory, permissions: 0o700, size: 0, modified: registry.modified, links: 2)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func lookup(_ name: Name, caller: Caller) -> Outcome<FoundNode> {
    if let entry = fixed.first(where: { $0.name == name }) {
      return .ready(FoundNode(node: entry.node, nameTimeout: SnapshotFile.forever))
    }
    if name == "last" {
      return creations.settled().then { [registry, last] in
        registry.newest == nil
          ? .failed(.noSuchFileOrDirectory) : .ready(FoundNode(node: last, nameTimeout: .zero))
      }
    }
    if let task = registry.task(named: name) { return .ready(found(task)) }
    // Only a task that was made elsewhere can be missing here, and its name starts with its id.
    // Or it is being made by a goal that was written to `new`.
    guard let first = name.utf8.first, (0x30...0x39).contains(first) else { return .failed(.noSuchFileOrDirectory) }
    return creations.settled().then { [self] in
      if let task = registry.task(named: name) { return .ready(found(task)) }
      if registry.isFresh { return .failed(.noSuchFileOrDirectory) }
      if let outage = monitor.health.outage {
        // As with the listing, nobody waits for a server that did not answer the last time.
        Task { [registry] in try? await registry.refresh() }
        return .failed(context.fail("lookup", name.string, outage.error))
      }
      return .pending { () async throws(Errno) in
        try await self.context.call("lookup", name.string) { () async throws(BerayError) in
          try await self.registry.refresh()
        }
        guard let task = self.registry.task(named: name) else { throw .noSuchFileOrDirectory }
        return self.found(task)
      }
    }
  }

  private func found(_ task: TaskDirectory) -> FoundNode {
    FoundNode(node: task, nameTimeout: SnapshotFile.forever)
  }

  func freshen() -> Outcome<KernelCopy> {
    if registry.isFresh && !creations.isUnsettled { return .ready(kernelCopy) }
    // A server that does not answer makes nobody wait: what is known is shown, and a new list is on its way.
    guard monitor.isReachable else {
      Task { try? await registry.refresh() }
      return .ready(kernelCopy)
    }
    return .pending { [self] () async throws(Errno) in
      try await Patience.wait(by: context.time) { [creations, registry] in
        await creations.settle()
        if !registry.isFresh { try? await registry.refresh() }
      }
      return kernelCopy
    }
  }

  /// The kernel's copy comes without attributes, so it is used only while those that it got with it are still good.
  private var kernelCopy: KernelCopy {
    let (generation, now) = (registry.generation, context.time.uptime())
    let isCurrent = copied.withLock { copied in
      copied.map { $0.generation == generation && now - $0.at < context.options.window(finished: true) } ?? false
    }
    return isCurrent ? .current : .outdated
  }

  func names(forKernel: Bool) -> [ListedName] {
    let (tasks, generation) = registry.snapshot
    if forKernel { copied.withLock { $0 = (generation, context.time.uptime()) } }
    var names: [ListedName] = []
    names.reserveCapacity(tasks.count + 4)
    names += fixed.filter { $0.cookie < Self.lastCookie }.map {
      ListedName(name: $0.name, cookie: $0.cookie, node: $0.node)
    }
    if registry.newest != nil { names.append(ListedName(name: "last", cookie: Self.lastCookie, node: last)) }
    names += fixed.filter { $0.cookie > Self.lastCookie }.map {
      ListedName(name: $0.name, cookie: $0.cookie, node: $0.node)
    }
    for task in tasks {
      if let cookie = Self.cookie(of: task.id) { names.append(ListedName(name: task.name, cookie: cookie, node: task)) }
    }
    return names
  }

  func entry(of listed: ListedName) -> ListedEntry? {
    if let task = listed.node as? TaskDirectory {
      return task.feed.isRemoved ? nil : ListedEntry(task, nameTimeout: SnapshotFile.forever)
    }
    guard listed.node === last else { return ListedEntry(listed.node, nameTimeout: SnapshotFile.forever) }
    return registry.newest == nil ? nil : ListedEntry(last, nameTimeout: .zero)
  }

  func mkdir(_ name: Name, permissions: UInt16, caller: Caller) -> Outcome<FoundNode> {
    guard context.options.allowsMkdir else {
      return .failed(
        context.refuse(
          "mkdir", name.string, .notPermitted, "this mount makes no tasks by mkdir (--no-mkdir)",
          advice: "write the goal to 'new'"))
    }
    if fixed.contains(where: { $0.name == name }) { return .failed(.fileExists) }
    if let refusal = TaskName.refusal(name) {
      return .failed(
        context.refuse("mkdir", name.string, .notPermitted, refusal.detail, advice: refusal.advice))
    }
    guard registry.task(named: name) == nil else { return .failed(.fileExists) }
    return .pending { [self] () async throws(Errno) in found(try await creations.mkdir(name)) }
  }

  func rmdir(_ name: Name, caller: Caller) -> Outcome<Void> {
    if let entry = fixed.first(where: { $0.name == name }) {
      return .failed(entry.node.kind == .directory ? .notPermitted : .notDirectory)
    }
    guard let task = registry.task(named: name) else {
      return .failed(name == "last" && registry.newest != nil ? .notDirectory : .noSuchFileOrDirectory)
    }
    return .pending { [self] () async throws(Errno) in
      // What is known of a running task may be old: ask before refusing.
      if !task.feed.isFinished {
        do throws(Errno) { try await task.feed.ensureFresh(needsEvents: false).get() } catch {
          if task.feed.isRemoved { registry.remove(task.id) }
          throw error
        }
      }
      switch task.feed.task.status.phase {
      case .pending, .running:
        throw context.refuse(
          "rmdir", task.name.string, .resourceBusy, "the task is \(task.feed.task.status.text)",
          advice: "stop it first: echo stop > \(task.name)/ctl")
      case .completed, .failed, .stopped, .unknown: break
      }
      try await task.delete(operation: "rmdir")
    }
  }

  func unlink(_ name: Name, caller: Caller) -> Outcome<Void> {
    .failed(
      context.refuse(
        "unlink", name.string, .notPermitted, "'\(name)' belongs to the mount", advice: "delete a task with rmdir"))
  }

  func rename(
    _ name: Name, to newName: Name, in newDirectory: any DirectoryNode, flags: RenameFlags, caller: Caller
  ) -> Outcome<Void> {
    .failed(
      context.refuse(
        "rename", name.string, .notPermitted, "a task keeps its name", advice: "make a link to it outside the mount"))
  }

  func create(_ name: Name, permissions: UInt16, flags: OpenFlags, caller: Caller) -> Outcome<CreatedFile> {
    .failed(
      context.refuse(
        "create", name.string, .notPermitted, "only tasks stand here",
        advice: "mkdir \"goal\" starts a task; its files are beneath TASK/files/"))
  }
}
