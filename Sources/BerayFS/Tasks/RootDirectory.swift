import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS

#if canImport(Glibc)
import Glibc
#endif

/// The top of the mount: the tasks, and the few files that belong to none of them.
final class RootDirectory: DirectoryNode {
  let inode: InodeID
  var path: String { "." }

  let context: MountContext
  let registry: TaskRegistry
  let creations: Creations
  private let monitor: ServiceMonitor
  private let fixed: [(name: Name, cookie: UInt64, node: any Node)]
  /// Found by name and not listed, so that a walk meets no task twice.
  private let hidden: [(name: Name, node: any Node)]
  private let last: LastLink
  private let refusedLast: LastLink
  /// What the kernel's copy of the listing was made from, and when.
  private let copied = Mutex<(generation: UInt64, at: Duration)?>(nil)

  /// How old the list may be in which `last` and unknown names are looked up: a command that made a task elsewhere may
  /// be followed at once by one that looks here.
  private static let newestAge = Duration.milliseconds(50)
  /// The kernel asks for a text that mkdir was given at each use, because a new task may take it over.
  static let textTimeout = Duration.zero
  private static let newName: Name = "new"
  /// The longest text that mkdir accepts here, in bytes: the kernel's `FUSE_NAME_MAX`.
  static let maximumNameLength = 1024
  private static let lastCookie: UInt64 = 5
  /// Cookies of tasks start here; those of the fixed names are below.
  private static let firstTaskCookie: Int64 = 16

  /// The place of a task in the listing; nil if its number is too large for one.
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
    self.refusedLast = context.inodes.add { LastLink(refusedAt: $0, context: context) }
    self.hidden = [
      (
        "by-status",
        context.inodes.add { StatusDirectory($0, context: context, registry: registry, monitor: monitor) }
      ),
      (
        "today",
        context.inodes.add {
          TaskLinks($0, path: "today", context: context, registry: registry, monitor: monitor) { task in
            task.feed.created >= context.time.now().startOfDay
          }
        }
      ),
    ]
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
          StateDirectory(
            $0, context: context, registry: registry, monitor: monitor, shared: shared, creations: creations)
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
    if let entry = fixed.first(where: { $0.name == name }) { return found(entry.node, name, caller) }
    if let entry = hidden.first(where: { $0.name == name }) {
      return .ready(FoundNode(node: entry.node, nameTimeout: SnapshotFile.forever))
    }
    if name == "last" { return findLast(for: caller) }
    if let (task, isText) = registry.find(name) { return isText ? found(task, by: name, caller) : .ready(found(task)) }
    // Only a task that was made elsewhere can be missing here, and its name starts with its id.
    // Or it is being made by a goal that was written to `new`.
    guard let first = name.utf8.first, (0x30...0x39).contains(first) else { return missing(name, caller) }
    return creations.settled().then { [self] in
      if let task = registry.task(named: name) { return .ready(found(task)) }
      if registry.isListed(within: Self.newestAge) { return missing(name, caller) }
      if let outage = monitor.health.outage {
        // As with the listing, nobody waits for a server that did not answer last time.
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

  private func found(_ node: any Node, _ name: Name, _ caller: Caller) -> Outcome<FoundNode> {
    guard name == Self.newName, let new = node as? NewFile else {
      return .ready(FoundNode(node: node, nameTimeout: SnapshotFile.forever))
    }
    return new.getattr(for: caller).map { FoundNode(node: node, nameTimeout: .zero, attributes: $0) }
  }

  private func found(_ task: TaskDirectory) -> FoundNode {
    FoundNode(node: task, nameTimeout: SnapshotFile.forever)
  }

  /// The newest task, or nowhere for a session whose goal made none.
  private func findLast(for caller: Caller) -> Outcome<FoundNode> {
    creations.settled().then { [registry, monitor] in registry.freshened(monitor, age: Self.newestAge) }.map {
      [self] () throws(Errno) in
      let newest = registry.newest
      let sessions = creations.sessions
      if sessions.isRefused(for: sessions.session(of: caller), newest: newest?.id) {
        return FoundNode(node: refusedLast, nameTimeout: .zero)
      }
      guard newest != nil else { throw .noSuchFileOrDirectory }
      return FoundNode(node: last, nameTimeout: .zero)
    }
  }

  // MARK: - What mkdir looks for

  /// The task that mkdir made of the text `name`. Once the task has ended, mkdir finds none, so a daily report gets a new
  /// task each day.
  private func found(_ task: TaskDirectory, by name: Name, _ caller: Caller) -> Outcome<FoundNode> {
    let found = FoundNode(node: task, nameTimeout: Self.textTimeout)
    let intent = CallerIntent(caller, processes: context.processes)
    return .pending { [self] () async throws(Errno) in
      guard await intent.makesDirectory(by: context.time), intent.path(through: name) == nil, !intent.takesExisting
      else { return found }
      if await hasEnded(task) { throw .noSuchFileOrDirectory }
      // The kernel itself answers EEXIST to the caller, so the reason is recorded here.
      _ = creations.exists(name, task)
      return found
    }
  }

  func hasEnded(_ task: TaskDirectory) async -> Bool {
    if !task.feed.isFinished { try? await task.feed.ensureFresh(needsEvents: false).get() }
    return task.feed.isRemoved || task.feed.task.status.isFinished
  }

  /// `mkdir "a/b"` fails in the kernel, which finds no `a`, so the reason is recorded here.
  private func missing(_ name: Name, _ caller: Caller) -> Outcome<FoundNode> {
    let intent = CallerIntent(caller, processes: context.processes)
    guard intent.isMkdir else { return .failed(.noSuchFileOrDirectory) }
    return .pending { [self] () async throws(Errno) in
      guard !intent.takesExisting, let path = intent.path(through: name) else { throw .noSuchFileOrDirectory }
      throw refuseSlash(path, .noSuchFileOrDirectory)
    }
  }

  func refuseSlash(_ path: String, _ errno: Errno) -> Errno {
    context.refuse(
      "mkdir", path, errno, "a name cannot contain '/', so mkdir cannot take this goal",
      advice: "write such a goal to 'new'")
  }

  // MARK: - Listing

  func refusal(ofOpeningBy caller: Caller) -> Errno? {
    guard CallerIntent(caller, processes: context.processes).removesTrees else { return nil }
    return context.refuse(
      "rm", ".", .permissionDenied, "rm -r does not remove a whole mount", advice: "name the tasks to delete")
  }

  func freshen() -> Outcome<KernelCopy> {
    if registry.isFresh && !creations.isUnsettled { return .ready(kernelCopy) }
    return creations.settled().then { [registry, monitor] in registry.freshened(monitor) }.map { [self] in kernelCopy }
  }

  /// The kernel's copy has no attributes, so it is used only while the kernel's own are still valid.
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

  /// The node of a name that belongs to the mount itself.
  func reserved(_ name: Name) -> (any Node)? {
    fixed.first { $0.name == name }?.node ?? hidden.first { $0.name == name }?.node
  }

  func isReserved(_ name: Name) -> Bool { reserved(name) != nil }
}

extension Timestamp {
  /// When its day began, by the clock of this machine.
  fileprivate var startOfDay: Timestamp {
    var time = time_t(seconds)
    var day = tm()
    localtime_r(&time, &day)
    (day.tm_hour, day.tm_min, day.tm_sec, day.tm_isdst) = (0, 0, 0, -1)
    return Timestamp(seconds: Int64(mktime(&day)))
  }
}
