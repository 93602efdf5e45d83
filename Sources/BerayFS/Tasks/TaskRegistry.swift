import Algorithms
import Beray
import BerayAPI
import LinuxSystem
import Synchronization
import SystemPackage
import VFS
import Waiting

/// The tasks that the mount knows: those of the server's last list, and those that it made itself.
///
/// LOCK ORDER: `state` is a leaf: under it nobody is called but the clock, and a task may be started.
final class TaskRegistry: Sendable {
  private struct State {
    var tasks: [TaskID: TaskDirectory] = [:]
    /// INVARIANT: each listed name is the `name` of exactly one task in `tasks`.
    var names: [Name: TaskID] = [:]
    /// The text that mkdir was given in this mount.
    var texts: [Name: TaskID] = [:]
    /// INVARIANT: the keys of `tasks`, ascending.
    var order: [TaskID] = []
    /// Moves when the listing changes.
    private(set) var generation: UInt64 = 0
    /// Moves with ``generation``; it tells the kernel what its copy of the listing is worth.
    private(set) var modified: Timestamp
    /// When the shown list was asked for; nil if a new one is needed.
    var listed: Duration?
    var refresh: (flight: Flight<Void, BerayError>, number: Int)?
    var refreshes = 0
    /// The number of the newest list that came. An answer that was overtaken counts for nothing.
    var appliedRefresh = 0
    /// Counts this mount's changes to the tasks, so that a list that was asked for earlier does not undo them.
    var tick: UInt64 = 0
    /// The existing tasks that this mount made, and when by `tick`.
    var adoptions: [TaskID: UInt64] = [:]
    /// The tasks that are gone, and when, until a list shows it too.
    var removals: [TaskID: UInt64] = [:]
    /// When everything was last to be asked for again.
    var expired: UInt64 = 0

    /// Where `id` stands in `order`, or would stand.
    func place(of id: TaskID) -> Int { order.partitioningIndex { $0 >= id } }

    init(modified: Timestamp) { self.modified = modified }

    mutating func nextTick() -> UInt64 {
      tick += 1
      return tick
    }

    mutating func listingChanged(at time: Timestamp) {
      generation += 1
      modified = modified.moved(to: time)
    }
  }

  private let context: MountContext
  private let shared: WorkShared
  let observers = RegistryObservers()
  private let state: Mutex<State>

  init(context: MountContext, shared: WorkShared) {
    self.context = context
    self.shared = shared
    self.state = Mutex(State(modified: context.time.now()))
  }

  // MARK: - From memory

  /// The tasks in ascending order, and their ``generation``.
  var snapshot: (tasks: [TaskDirectory], generation: UInt64) {
    state.withLock { state in (state.order.compactMap { state.tasks[$0] }, state.generation) }
  }

  /// A number that moves when the listing changes.
  var generation: UInt64 { state.withLock { $0.generation } }
  /// When the listing last changed.
  var modified: Timestamp { state.withLock { $0.modified } }

  /// The newest task, whoever made it.
  var newest: TaskDirectory? {
    state.withLock { state in state.order.last.flatMap { state.tasks[$0] } }
  }

  /// Whether this mount made the task.
  func isAdopted(_ id: TaskID) -> Bool { state.withLock { $0.adoptions[id] != nil } }

  /// The task with that name: a listed name comes before an id, and an id before a text given to mkdir.
  func task(named name: Name) -> TaskDirectory? { find(name)?.task }

  /// The same, and whether it is the text that was given to mkdir, which a new task may take over.
  func find(_ name: Name) -> (task: TaskDirectory, isText: Bool)? {
    state.withLock { state in
      if let id = state.names[name] { return state.tasks[id].map { ($0, false) } }
      if let id = TaskID(name.string), let task = state.tasks[id] { return (task, false) }
      return state.texts[name].flatMap { state.tasks[$0] }.map { ($0, true) }
    }
  }

  /// Done when the list is younger than the window, or after as long as a look has patience. A server that does not
  /// answer makes nobody wait: what is known is shown, and a new list is on its way.
  /// - Parameter age: a shorter window.
  func freshened(_ monitor: ServiceMonitor, age: Duration? = nil) -> Outcome<Void> {
    if isFresh, age.map(isListed) ?? true { return .done }
    guard monitor.isReachable else {
      Task { try? await refresh() }
      return .done
    }
    return .pending { [self] () async throws(Errno) in
      try await Patience.wait(by: context.time) { [self] in try? await refresh() }
    }
  }

  /// Whether the list is not older than that.
  func isListed(within age: Duration) -> Bool {
    let now = context.time.uptime()
    return state.withLock { state in state.listed.map { now - $0 <= age } ?? false }
  }

  /// Whether the list is younger than the window.
  var isFresh: Bool {
    let window = context.options.window(finished: false)
    let now = context.time.uptime()
    return state.withLock { state in state.listed.map { now - $0 < window } ?? false }
  }

  /// The next look asks the server again.
  func expire() {
    let tasks = state.withLock { state in
      state.listed = nil
      state.expired = state.nextTick()
      return Array(state.tasks.values)
    }
    for task in tasks { task.expire() }
  }

  func interruptAll() {
    for task in state.withLock({ Array($0.tasks.values) }) { task.feed.interruptAll() }
    observers.ended()
  }

  // MARK: - Changes

  /// Asks the server for its tasks, once for all who ask at the same time.
  func refresh() async throws(BerayError) {
    let flight = state.withLock { state in
      state.refresh?.flight ?? startRefresh(&state)
    }
    try await flight.value()
  }

  /// The same, by a request that is made from now on.
  func refreshAnew() async throws(BerayError) {
    let flight = state.withLock { startRefresh(&$0) }
    try await flight.value()
  }

  private func startRefresh(_ state: inout State) -> Flight<Void, BerayError> {
    let flight = Flight<Void, BerayError>()
    state.refreshes += 1
    let (number, tick) = (state.refreshes, state.tick)
    state.refresh = (flight, number)
    let asked = context.time.uptime()
    Task { [self] in
      await flight.finish { () async throws(BerayError) in
        apply(try await context.service.tasks(), number: number, asked: asked, tick: tick)
      } landed: {
        self.state.withLock { if $0.refresh?.number == number { $0.refresh = nil } }
      }
    }
    return flight
  }

  /// A task was created through this mount. `text` is what mkdir was given.
  /// - Returns: nil if it was removed in the same moment.
  @discardableResult
  func adopt(_ task: BerayTask, text: Name?) -> TaskDirectory? {
    state.withLock { state in
      state.adoptions[task.id] = state.nextTick()
      // A server may give the number of a deleted task again.
      state.removals[task.id] = nil
    }
    guard let directory = insert(task, asked: context.time.uptime()) else { return nil }
    state.withLock { state in
      if let text { state.texts[text] = task.id }
    }
    // It will run in a moment: whoever looks at its status must not see the old one.
    if task.status.phase == .pending { directory.feed.expire() }
    return directory
  }

  /// The task is gone from the server: its names vanish, and what is open in it ends.
  func remove(_ id: TaskID) {
    let (removed, names) = state.withLock { state -> (TaskDirectory?, [Name]) in
      guard let task = state.tasks.removeValue(forKey: id) else { return (nil, []) }
      var names = [task.name, Name(id.description)]
      state.names.removeValue(forKey: task.name)
      for (text, owner) in state.texts where owner == id {
        state.texts.removeValue(forKey: text)
        names.append(text)
      }
      state.adoptions.removeValue(forKey: id)
      state.removals[id] = state.nextTick()
      let place = state.place(of: id)
      if state.order.indices.contains(place), state.order[place] == id { state.order.remove(at: place) }
      state.listingChanged(at: context.time.now())
      return (task, names)
    }
    guard let removed else { return }
    for name in names { context.notifier.expire(name, in: .root) }
    removed.removed()
    FreedMemory.giveBackSoon()
    context.notifier.invalidate(.root, pages: true)
  }

  /// The directory of `task`, made where it is new; nil if the task was removed after it was asked for, or has a
  /// number that no server gives.
  /// - Parameter asked: when the server was asked for what `task` tells.
  private func insert(_ task: BerayTask, asked: Duration) -> TaskDirectory? {
    guard RootDirectory.cookie(of: task.id) != nil else { return nil }
    if let known = state.withLock({ $0.tasks[task.id] }) {
      known.feed.take(task, asked: asked)
      return known
    }
    let made = context.inodes.add {
      TaskDirectory($0, task: task, asked: asked, context: context, registry: self, shared: shared)
    }
    let (kept, isNew, hidesText) = state.withLock { state -> (TaskDirectory?, Bool, Bool) in
      if let other = state.tasks[task.id] { return (other, false, false) }
      if state.removals[task.id] != nil { return (nil, false, false) }
      state.tasks[task.id] = made
      state.names[made.name] = task.id
      state.order.insert(task.id, at: state.place(of: task.id))
      state.listingChanged(at: context.time.now())
      return (made, true, state.texts[made.name] != nil)
    }
    if isNew { observers.taskCame(made) } else { context.inodes.retire(made.inode) }
    // The kernel knows the name as the task that mkdir made of that text.
    if hidesText { context.notifier.expire(made.name, in: .root) }
    return kept
  }

  /// Takes a list that was asked for at `asked`, when this mount had done what `tick` counts.
  private func apply(_ tasks: [BerayTask], number: Int, asked: Duration, tick: UInt64) {
    let before = state.withLock { state -> UInt64? in
      guard number > state.appliedRefresh else { return nil }
      state.appliedRefresh = number
      state.removals = state.removals.filter { $0.value > tick }
      return state.generation
    }
    guard let before else { return }
    // In ascending order each finds its place at the end.
    for task in tasks.sorted(by: { $0.id < $1.id }) { _ = insert(task, asked: asked) }
    let listed = Set(tasks.map(\.id))
    let gone = state.withLock { state in
      if state.expired <= tick { state.listed = asked }
      return state.order.filter { id in
        // A task that was made while the list was under way is not in it.
        !listed.contains(id) && state.adoptions[id].map { $0 <= tick } ?? true
      }
    }
    for id in gone { remove(id) }
    if state.withLock({ $0.generation }) != before { context.notifier.invalidate(.root, pages: true) }
  }
}
