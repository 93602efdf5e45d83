import BerayAPI
import BerayClient
import Synchronization
import SystemPackage
import VFS

/// The tasks that the mount knows: those of the server's last list, and those that it made itself.
///
/// LOCK ORDER: `state` is a leaf. Nothing else is locked and nobody is called while it is held.
final class TaskRegistry: Sendable {
  private struct State {
    var tasks: [TaskID: TaskDirectory] = [:]
    /// INVARIANT: each listed name is the `name` of exactly one task in `tasks`.
    var names: [Name: TaskID] = [:]
    /// The text that mkdir was given in this mount.
    var texts: [Name: TaskID] = [:]
    /// INVARIANT: the keys of `tasks`, ascending.
    var order: [TaskID] = []
    var newest: TaskID?
    /// Moves when a task comes or goes.
    var generation: UInt64 = 0
    var modified: Timestamp
    /// When the list that is shown was asked for; nil where it has to be asked for.
    var listed: Duration?
    var refresh: Flight<Void, BerayError>?
    /// Counts the tasks adopted since the start, so that a list that was asked for before one was made does not remove it.
    var adoptions: [TaskID: Duration] = [:]
  }

  private let context: MountContext
  private let shared: WorkShared
  private let state: Mutex<State>

  init(context: MountContext, shared: WorkShared) {
    self.context = context
    self.shared = shared
    self.state = Mutex(State(modified: context.time.now()))
  }

  // MARK: - From memory

  /// The tasks in ascending order, what the kernel may compare them by, and when they last changed.
  var snapshot: (tasks: [TaskDirectory], generation: UInt64, modified: Timestamp) {
    state.withLock { state in
      (state.order.compactMap { state.tasks[$0] }, state.generation, state.modified)
    }
  }

  var modified: Timestamp { state.withLock { $0.modified } }

  /// The newest task that was created through this mount and is still there.
  var newest: TaskDirectory? {
    state.withLock { state in state.newest.flatMap { state.tasks[$0] } }
  }

  /// The task of that name: a listed name goes before an id, an id before a text given to mkdir.
  func task(named name: Name) -> TaskDirectory? {
    state.withLock { state in
      if let id = state.names[name] { return state.tasks[id] }
      if let id = TaskID(name.string), let task = state.tasks[id] { return task }
      return state.texts[name].flatMap { state.tasks[$0] }
    }
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
      return Array(state.tasks.values)
    }
    for task in tasks { task.expire() }
  }

  func interruptAll() {
    for task in state.withLock({ Array($0.tasks.values) }) { task.feed.interruptAll() }
  }

  // MARK: - Changes

  /// Asks the server for its tasks, once for all who ask at the same time.
  func refresh() async throws(BerayError) {
    let (flight, isNew) = state.withLock { state -> (Flight<Void, BerayError>, Bool) in
      if let flight = state.refresh { return (flight, false) }
      let flight = Flight<Void, BerayError>()
      state.refresh = flight
      return (flight, true)
    }
    if isNew {
      Task { [self] in
        let asked = context.time.uptime()
        let result: Result<Void, BerayError>
        do throws(BerayError) {
          apply(try await context.service.tasks(), asked: asked)
          result = .success(())
        } catch {
          result = .failure(error)
        }
        state.withLock { $0.refresh = nil }
        flight.finish(result)
      }
    }
    try await flight.value()
  }

  /// A task that was created through this mount. `text` is what mkdir was given.
  @discardableResult
  func adopt(_ task: BerayTask, text: Name?) -> TaskDirectory {
    let directory = insert(task)
    state.withLock { state in
      state.newest = max(state.newest ?? task.id, task.id)
      state.adoptions[task.id] = context.time.uptime()
      if let text { state.texts[text] = task.id }
    }
    return directory
  }

  /// The task is gone from the server: its names vanish, and what is open in it ends.
  func remove(_ id: TaskID) {
    let (removed, names) = state.withLock { state -> (TaskDirectory?, [Name]) in
      guard let task = state.tasks.removeValue(forKey: id) else { return (nil, []) }
      var names = [task.name, Name(id.description)]
      state.names.removeValue(forKey: task.name)
      for (text, owner) in state.texts where owner == id { names.append(text) }
      for name in names { state.texts.removeValue(forKey: name) }
      state.adoptions.removeValue(forKey: id)
      if let index = state.order.firstIndex(of: id) { state.order.remove(at: index) }
      if state.newest == id { state.newest = state.adoptions.keys.max() }
      state.generation += 1
      state.modified = context.time.now()
      return (task, names)
    }
    guard let removed else { return }
    for name in names { context.notifier.expire(name, in: .root) }
    removed.removed()
    context.notifier.invalidate(.root, pages: true)
  }

  /// The directory of `task`, made where it is new.
  private func insert(_ task: BerayTask) -> TaskDirectory {
    if let known = state.withLock({ $0.tasks[task.id] }) {
      known.feed.take(task)
      return known
    }
    let made = context.inodes.add { TaskDirectory($0, task: task, context: context, registry: self, shared: shared) }
    let (kept, isNew) = state.withLock { state -> (TaskDirectory, Bool) in
      if let other = state.tasks[task.id] { return (other, false) }
      state.tasks[task.id] = made
      state.names[made.name] = task.id
      // Ids grow, so the place is nearly always the end.
      let index = state.order.lastIndex { $0 < task.id }.map { $0 + 1 } ?? 0
      state.order.insert(task.id, at: index)
      state.generation += 1
      state.modified = context.time.now()
      return (made, true)
    }
    if !isNew { context.inodes.retire(made.inode) }
    return kept
  }

  private func apply(_ tasks: [BerayTask], asked: Duration) {
    let before = state.withLock { $0.generation }
    for task in tasks { _ = insert(task) }
    let listed = Set(tasks.map(\.id))
    let gone = state.withLock { state in
      state.listed = asked
      return state.order.filter { id in
        // A task that was made while the list was under way is not in it.
        !listed.contains(id) && state.adoptions[id].map { $0 < asked } ?? true
      }
    }
    for id in gone { remove(id) }
    if state.withLock({ $0.generation }) != before { context.notifier.invalidate(.root, pages: true) }
  }
}
