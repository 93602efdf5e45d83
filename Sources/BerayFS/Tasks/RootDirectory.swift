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
  private let shown = Mutex<(generation: UInt64, at: Duration)?>(nil)

  /// Cookies of tasks start here; those of the fixed names are below.
  private static let firstTaskCookie: UInt64 = 16
  /// How long a listing waits for a server that answered so far, before it shows what it knows.
  private static let patience = Duration.seconds(1)

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
            .ready(.init(Guide.text, modified: started, timeout: SnapshotFile.forever))
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
    guard let first = name.utf8.first, (0x30...0x39).contains(first), !registry.isFresh || creations.isUnsettled else {
      return .failed(.noSuchFileOrDirectory)
    }
    return .pending { [self] () async throws(Errno) in
      try await creations.settled().get()
      if registry.task(named: name) == nil, !registry.isFresh {
        try await context.call("lookup", name.string) { () async throws(BerayError) in try await registry.refresh() }
      }
      guard let task = registry.task(named: name) else { throw .noSuchFileOrDirectory }
      return found(task)
    }
  }

  private func found(_ task: TaskDirectory) -> FoundNode {
    FoundNode(node: task, nameTimeout: SnapshotFile.forever)
  }

  func list() -> Outcome<Listing> {
    if registry.isFresh && !creations.isUnsettled { return .ready(listing()) }
    // A server that does not answer makes nobody wait: what is known is shown, and a new list is on its way.
    guard monitor.isReachable else {
      Task { try? await registry.refresh() }
      return .ready(listing())
    }
    return .pending { [self] () async throws(Errno) in
      try await creations.settled().get()
      if !registry.isFresh { await refreshWithPatience() }
      return listing()
    }
  }

  /// Waits for a new list, but no longer than ``patience``: the listing is then shown as it was.
  private func refreshWithPatience() async {
    let enough = Flight<Void, Errno>()
    Task { [registry] in
      try? await registry.refresh()
      enough.finish(.success(()))
    }
    let timer = Task { [time = context.time] in
      try? await time.sleep(Self.patience)
      enough.finish(.success(()))
    }
    try? await enough.value()
    timer.cancel()
  }

  private func listing() -> Listing {
    let (tasks, generation, _) = registry.snapshot
    var items: [Listing.Item] = []
    items.reserveCapacity(tasks.count + 4)
    func add(_ name: Name, _ cookie: UInt64, _ node: any Node, _ nameTimeout: Duration) {
      var attributes: AttributeReply?
      if case .ready(let reply) = node.getattr(nil) { attributes = reply }
      items.append(
        Listing.Item(name: name, cookie: cookie, node: node, nameTimeout: nameTimeout, attributes: attributes))
    }
    for entry in fixed where entry.cookie < 5 { add(entry.name, entry.cookie, entry.node, SnapshotFile.forever) }
    if registry.newest != nil { add("last", 5, last, .zero) }
    for entry in fixed where entry.cookie > 5 { add(entry.name, entry.cookie, entry.node, SnapshotFile.forever) }
    for task in tasks {
      add(task.name, Self.firstTaskCookie + UInt64(task.id.rawValue), task, SnapshotFile.forever)
    }
    // The kernel's copy comes without attributes, so it is used only while those that it got with it are still good.
    let now = context.time.uptime()
    let isUnchanged = shown.withLock { shown in
      if let last = shown, last.generation == generation, now - last.at < context.options.window(finished: true) {
        return true
      }
      shown = (generation, now)
      return false
    }
    return Listing(items: items, isCacheable: true, isUnchanged: isUnchanged)
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
    return .pending { [self] () async throws(Errno) in
      let task = try await creations.create(
        Goal(text: name.string, tools: nil), operation: "mkdir", path: name.string, text: name)
      return found(task)
    }
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
