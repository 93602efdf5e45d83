import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// The work directory of one task: `files/` and all beneath it.
///
/// What is known of it answers at once. A listing that is older than the window is asked for again when somebody looks,
/// by one request for all who look.
///
/// Lock order, from the first to the last. No lock is held over an await.
/// 1. ``retries``
/// 2. ``structure``
/// 3. the state or the end of a file, then those of a directory
/// 4. ``openFiles``, ``directoryRename``, ``rootSlot``, ``lastNews``, the pass of a ``WorkHandle``, a ``WriteBuffer``, a
///    ``StreamReader``, ``ContentCache``, ``InodeTable``, those of ``WorkShared``, of a `Flight`, and the notifier's
///
/// ``prefetch``, ``nextBehind`` and ``sweeping`` are taken alone.
/// Notices are only queued, so they may be given under these locks, before anybody can see what changed.
final class WorkTree: Sendable {
  let context: MountContext
  let task: TaskID
  /// Beneath the mountpoint, such as `42-write-docs/files`.
  let path: String
  let shared: WorkShared
  let structure = Mutex(TreeStructure())
  let prefetch = Mutex(WalkPrefetch())
  let openFiles = Mutex(OpenFileWatch.OpenFiles())
  let directoryRename = Mutex<DirectoryRename?>(nil)
  let retries = Mutex(UploadRetrier.Retries())
  /// The uptime (``TimeSource/uptime``) from which a listing may be asked for while nobody waits. One goes at a time.
  let nextBehind = Mutex(Duration.zero)
  /// The uptime at which anything may have changed last.
  private let lastNews = Mutex(Duration.zero)
  private let isFinished: @Sendable () -> Bool
  /// Whether a sweep of nodes that nobody holds is scheduled.
  let sweeping = Mutex(LoopTurn())
  private let rootSlot = Mutex(RootSlot())

  /// The top directory. It holds the tree, which lets go of it when the task is removed.
  private struct RootSlot {
    var held: WorkDirectory?
    weak var known: WorkDirectory?
  }

  init(
    context: MountContext, task: TaskID, path: String, shared: WorkShared,
    isFinished: @escaping @Sendable () -> Bool
  ) {
    self.context = context
    self.task = task
    self.path = path
    self.shared = shared
    self.isFinished = isFinished
    let root = context.inodes.add { WorkDirectory($0, name: "", parent: nil, tree: self) }
    structure.withLock {
      $0.add(root.inode, DirectoryContents(source: root.inode, at: context.time.now()))
    }
    rootSlot.withLock { $0 = RootSlot(held: root, known: root) }
  }

  // Operations on the tree, grouped by purpose. Each holds only the tree.
  var refresher: TreeRefresher { TreeRefresher(tree: self) }
  var renamer: Renamer { Renamer(tree: self) }
  var names: NameKeeper { NameKeeper(tree: self) }
  var prefetcher: Prefetcher { Prefetcher(tree: self) }
  var heldNames: HeldNames { HeldNames(tree: self) }
  var retrier: UploadRetrier { UploadRetrier(tree: self) }
  var watch: OpenFileWatch { OpenFileWatch(tree: self) }
  var attributeRules: TreeAttributes { TreeAttributes(tree: self) }

  /// The directory `files/` itself.
  var root: WorkDirectory {
    guard let root = rootSlot.withLock({ $0.known }) else {
      preconditionFailure("who asks a removed tree holds a node beneath its root")
    }
    return root
  }

  var isRemoved: Bool { structure.withLock { $0.isRemoved } }

  // MARK: - Freshness

  /// Whether its task may still change it.
  var isRunning: Bool { !isFinished() && !isRemoved }

  /// How old what is shown may be.
  var window: Duration { context.options.window(finished: isFinished()) }

  /// Anything may have changed: the next look asks the server.
  func markStale() {
    structure.withLock { $0.markStale() }
    lastNews.withLock { $0 = context.time.uptime() }
  }

  /// Whether the content may have changed since `checked`, a time before the window.
  func mayHaveChanged(since checked: Duration, isRunning: Bool) -> Bool {
    isRunning || checked < lastNews.withLock { $0 }
  }

  /// Forgets what can be asked for again.
  func dropCaches() {
    markStale()
    structure.withLock { structure in
      for (inode, contents) in structure.directories {
        // The kernel relies on the attributes of this directory, which are now asked for anew.
        context.notifier.invalidate(inode, pages: false)
        for case .file(let file) in contents.children.values.lazy.map(\.node) { file.dropContent() }
      }
    }
  }

  /// The task was deleted. Open handles keep what they have, and get ESTALE for more.
  func removed() {
    let directories = structure.withLock { $0.removeAll() }
    var closed: Set<InodeID> = []
    for (inode, contents) in directories {
      for child in contents.children.values {
        if case .file(let file) = child.node {
          file.detach(because: "its task was deleted before the server had what was written", forgotten: Flight())
          if file.known({ !$0.opens.isOpen }) { closed.insert(file.inode) }
        }
        context.notifier.expire(child.name, in: inode)
        context.inodes.retire(child.node.inode)
      }
    }
    rootSlot.withLock { slot in
      if let root = slot.held.take() { context.inodes.retire(root.inode) }
    }
    shared.cache.removeAll(of: closed)
  }

  /// An answer of this age counts as fresh whatever the window is: the lookup that comes just before a getattr has
  /// asked.
  static let grace = Duration.milliseconds(100)

  /// How long to rely on a listing that came while this mount changed something in it.
  private static let doubt = Duration.seconds(1)

  /// How long a listing may still be relied on; nil if it has to be asked for first.
  /// - Parameter grace: an age that always counts as fresh.
  func remaining(
    of contents: DirectoryContents, marks: UInt64, window: Duration, grace: Duration = .zero
  ) -> Duration? {
    if contents.isNew { return .zero }
    guard let freshness = contents.freshness, freshness.marks == marks else { return nil }
    let window = freshness.isDoubtful ? min(window, Self.doubt) : window
    let age = context.time.uptime() - freshness.asked
    if age < window { return window - age }
    return age < grace ? .zero : nil
  }

  /// Gives `answer` at once if `directory` is fresh, otherwise after asking the server.
  /// - Parameter grace: an age that counts as fresh whatever the window is.
  func whenFresh<Value: Sendable>(
    _ directory: WorkDirectory, grace: Duration = .zero,
    _ answer: @escaping @Sendable (_ remaining: Duration) -> Outcome<Value>
  ) -> Outcome<Value> {
    let window = window
    let state = structure.withLock { structure -> (remaining: Duration?, isKnown: Bool) in
      guard let contents = structure.directories[directory.inode] else { return (nil, false) }
      return (remaining(of: contents, marks: structure.staleMarks, window: window, grace: grace), true)
    }
    if let remaining = state.remaining { return answer(remaining) }
    guard state.isKnown else {
      return .failed(isRemoved || directory.isOutOfDate ? .staleNFSFileHandle : .noSuchFileOrDirectory)
    }
    return .pending { [self] () async throws(Errno) in
      try await context.within("list", directory.path) { [self] () async throws(Errno) in
        try await refresher.refresh(directory, unlessYoungerThan: window, grace: grace)
      }
      return try await answer(remaining(of: directory)).get()
    }
  }

  /// How long the kernel may rely on what it was told of `directory`.
  func remaining(of directory: WorkDirectory) -> Duration {
    let window = window
    return structure.withLock { structure in
      guard let contents = structure.directories[directory.inode] else { return .zero }
      return remaining(of: contents, marks: structure.staleMarks, window: window) ?? .zero
    }
  }

  /// Counts this mount's changes to the tree, and the times that others may have changed something.
  struct Revision: Hashable, Sendable {
    var changes: UInt64
    var news: UInt64
  }

  var revision: Revision { structure.withLock { Revision(changes: $0.tick, news: $0.staleMarks) } }

  // MARK: - Paths

  /// The path of a name for the server, relative to the work directory.
  func serverPath(of name: Name, in directory: WorkDirectory) -> String {
    var components = [name.string]
    var next: WorkDirectory? = directory
    while let directory = next, let parent = directory.place.parent {
      components.append(directory.place.name.string)
      next = parent
    }
    return components.reversed().joined(separator: "/")
  }

  func serverPath(of directory: WorkDirectory) -> String {
    let place = directory.place
    guard let parent = place.parent else { return "." }
    return serverPath(of: place.name, in: parent)
  }

  func serverPath(of file: WorkFile) -> String {
    let place = file.place
    return serverPath(of: place.name, in: place.parent ?? root)
  }

  /// How many directories lie between `files/` and `directory`.
  func depth(of directory: WorkDirectory) -> Int {
    var depth = 0
    var next = directory.place.parent
    while let parent = next {
      depth += 1
      next = parent.place.parent
    }
    return depth
  }

  /// The server is about to change a name: until ``settle(_:in:)``, no listing can be dated before or after the change.
  func hold(_ name: Name, in directory: WorkDirectory) {
    structure.withLock { structure in _ = structure.change(directory.inode) { $0.hold(name) } }
  }

  func settle(_ name: Name, in directory: WorkDirectory) {
    structure.withLock { structure in
      let tick = structure.nextTick()
      structure.change(directory.inode) { $0.settle(name, tick) }
    }
  }
}
