package import Beray
package import Logging
import SystemPackage
import VFS

/// The tasks of a BeRay server as a file system.
///
/// It finds nodes by number, counts what the kernel holds of them, and keeps the open handles. Each node knows what it is
/// and does.
package final class BerayFileSystem: Sendable {
  let context: MountContext
  let registry: TaskRegistry
  let monitor: ServiceMonitor
  let shared: WorkShared
  let creations: Creations
  private let root: RootDirectory
  let handles = HandleTable()

  /// - Parameters:
  ///   - service: the server. The file system asks nothing of it before ``load()``.
  ///   - time: the clocks to go by.
  ///   - processes: what is asked about callers.
  package init(
    service: any TaskService, options: MountOptions, time: TimeSource = .system, processes: ProcessTable = .system,
    logger: Logger
  ) {
    let monitor = ServiceMonitor(service, time: time)
    let context = MountContext(
      service: monitor, options: options, time: time, processes: processes, logger: logger)
    let shared = WorkShared(context: context)
    let registry = TaskRegistry(context: context, shared: shared)
    let creations = Creations(context: context, registry: registry)
    // The first node gets the root's number.
    let root = context.inodes.add {
      RootDirectory(
        $0, context: context, registry: registry, creations: creations, monitor: monitor, shared: shared)
    }
    self.context = context
    self.monitor = monitor
    self.shared = shared
    self.registry = registry
    self.creations = creations
    self.root = root
  }

  /// Asks the server, all at once, who the user is, what it offers, and which tasks there are. A mount needs this
  /// before it serves.
  package func load() async throws(BerayError) {
    async let user = Self.result { [monitor] () async throws(BerayError) in try await monitor.rememberUser() }
    // If the server cannot tell now, it is asked again when it matters.
    async let offers = try? shared.capabilities()
    async let tasks = Self.result { [registry] () async throws(BerayError) in try await registry.refresh() }
    _ = await offers
    for result in await [user, tasks] { try result.get() }
  }

  /// `async let` forgets what a call throws; a result does not.
  private static func result(
    _ body: @Sendable () async throws(BerayError) -> Void
  ) async -> Result<Void, BerayError> {
    do throws(BerayError) { return .success(try await body()) } catch { return .failure(error) }
  }

  /// Forgets everything that can be asked for again.
  package func dropCaches() {
    registry.expire()
    monitor.forgetCapabilities()
    shared.dropCaches()
  }

  /// Waits for the tasks that are being made and uploads what programs have closed; they may go on meanwhile. Called before
  /// the unmount, so that a close(2) that waits for its upload returns what became of it.
  /// - Parameters:
  ///   - deadline: how long it may take.
  ///   - progress: gets a line for people now and then.
  package func settle(within deadline: Duration, progress: @escaping @Sendable (String) -> Void) async {
    let end = context.time.uptime() + deadline
    async let created: Void = creations.finish(until: end)
    async let uploaded: Void = shared.uploadClosed(until: end, progress: progress)
    _ = await (created, uploaded)
  }

  /// Uploads what programs wrote and the server lacks. Call it before the process ends, when nothing more will be written.
  /// - Parameters:
  ///   - deadline: how long it may take.
  ///   - progress: gets a line for people now and then.
  /// - Returns: the files under ``MountOptions/rescueDirectory`` that hold what could not be uploaded, and goals that were
  ///   written to `new` and not closed.
  package func finish(deadline: Duration, progress: @escaping @Sendable (String) -> Void) async -> [RescuedFile] {
    let end = context.time.uptime() + deadline
    await creations.finish(until: end)
    _ = await shared.uploadAll(deadline: end - context.time.uptime(), progress: progress)
    return await shared.rescue(to: context.options.rescueDirectory) + rescueGoals()
  }

  /// No task is made of a goal that nobody closed, because it may be half of one; but its text is saved.
  private func rescueGoals() -> [RescuedFile] {
    handles.files.compactMap { file in
      guard let goal = (file as? NewHandle)?.unclosed else { return nil }
      do throws(Errno) {
        return try Rescue(directory: context.options.rescueDirectory).save(goal, as: "new", at: context.time.now())
      } catch {
        shared.lose("new: an unfinished goal could not be saved in \(context.options.rescueDirectory): \(error)")
        return nil
      }
    }
  }

  /// What ``finish(deadline:progress:)`` could neither give to the server nor save, a line for people each.
  package var losses: [String] { shared.losses }

  // MARK: - Nodes and handles

  func node(_ inode: InodeID) throws(Errno) -> any Node {
    guard let node = context.inodes[inode] else { throw .staleNFSFileHandle }
    return node
  }

  func directory(_ inode: InodeID) throws(Errno) -> any DirectoryNode {
    guard let directory = try node(inode) as? any DirectoryNode else { throw .notDirectory }
    return directory
  }

  /// Runs `body` where the inode is a directory.
  func inDirectory<Value>(
    _ inode: InodeID, _ body: (any DirectoryNode) -> Outcome<Value>
  ) -> Outcome<Value> {
    do { return body(try directory(inode)) } catch { return .failed(error) }
  }

  func withNode<Value>(_ inode: InodeID, _ body: (any Node) -> Outcome<Value>) -> Outcome<Value> {
    do { return body(try node(inode)) } catch { return .failed(error) }
  }

  func withFile<Value>(_ handle: HandleID, _ body: (any OpenFile) -> Outcome<Value>) -> Outcome<Value> {
    guard let file = handles.file(handle) else { return .failed(.badFileDescriptor) }
    return body(file)
  }

  /// The entry of a node that was found; counts one lookup.
  func entry(_ found: FoundNode) -> Outcome<Entry> {
    (found.attributes.map { .ready($0) } ?? found.node.getattr(nil)).map {
      [inodes = context.inodes] reply throws(Errno) in
      inodes.remember(found.node)
      return Entry(reply.attributes, attributeTimeout: reply.timeout, nameTimeout: found.nameTimeout)
    }
  }

  func add(_ opened: OpenedFile) -> OpenReply {
    OpenReply(handle: handles.add(opened.file), options: opened.options)
  }
}
