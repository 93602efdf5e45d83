import Beray
import BerayAPI
import DequeModule
import Synchronization
import SystemPackage
import VFS
import Waiting

/// What is known of one task and its events, and the stream that keeps it new while someone looks.
///
/// LOCK ORDER: `state` is the only lock here and the last one taken. Under it only the clock is read, and a task may be
/// started. Continuations are resumed and observers called after it is left.
final class TaskFeed: Sendable {
  let id: TaskID
  /// Where the task stands beneath the mountpoint, for messages.
  let path: String
  let context: MountContext
  let linger: Duration
  private let listTasks: (@Sendable () async throws(BerayError) -> Void)?
  private let state: Mutex<FeedState>

  /// - Parameters:
  ///   - asked: when the server was asked for what `task` tells, by ``TimeSource/uptime``.
  ///   - linger: how long the stream is held on after the last ``letGo()``.
  ///   - listTasks: asks the server for all tasks, which gives each feed what it tells; nil if the task is to be asked
  ///     for alone.
  init(
    task: BerayTask, asked: Duration, context: MountContext, path: String, linger: Duration = .seconds(30),
    listTasks: (@Sendable () async throws(BerayError) -> Void)? = nil
  ) {
    self.id = task.id
    self.path = path
    self.context = context
    self.linger = linger
    self.listTasks = listTasks
    self.state = Mutex(FeedState(task: task, firstSeen: context.time.now()))
    change { $0.taskAsked = task.status.text.isEmpty ? nil : asked }
  }

  // MARK: What is known

  /// The newest known state, without the events; ``BerayTask/raw`` is what the server sent last.
  var task: BerayTask { withState { $0.task } }
  /// When the task last changed as far as is told; never goes back.
  var modified: Timestamp { withState { $0.modified } }
  /// When the task was made, or first seen where that is not told.
  var created: Timestamp { withState { $0.created } }
  /// Whether the task has ended, and its log, if known, will not grow.
  var isFinished: Bool { withState { $0.isFinished } }
  /// Whether the task was deleted.
  var isRemoved: Bool { withState { $0.isRemoved } }
  /// Whether nothing more will come: the task has ended or was deleted, or the mount ends.
  var isOver: Bool { withState { $0.isFinished || $0.isRemoved || $0.isInterrupted } }
  /// Whether the list of events was fetched once.
  var hasEvents: Bool { withState { $0.log.hasList } }
  /// Whether the sizes of the log are known although it was forgotten: it will not change.
  var remembersSizes: Bool { withState { $0.log.remembersSizes && $0.task.status.isFinished } }
  /// Whether the task was asked for within the window, or an unbroken stream tells every change.
  var isFresh: Bool { isFresh(needsEvents: false) }

  /// What the events tell of the outcome.
  var answer: TaskAnswer { withState { $0.log.answer } }

  func size(of rendering: Rendering) -> Int64 { withState { $0.log.size(of: rendering) } }

  func read(_ rendering: Rendering, offset: Int64, count: Int) -> ArraySlice<UInt8> {
    withState { $0.log.read(rendering, offset: offset, count: count) }
  }

  private func isFresh(needsEvents: Bool) -> Bool {
    let now = context.time.uptime()
    return withState { state in
      if state.isLive { return true }
      guard let asked = needsEvents ? state.eventsAsked : state.taskAsked else { return false }
      return now - asked < context.options.window(finished: state.isFinished)
    }
  }

  // MARK: Asking

  /// Takes the task as a list or a creation tells it, without its events.
  /// - Parameter asked: when the server was asked.
  func take(_ task: BerayTask, asked: Duration) { change { $0.take(listed: task, asked: asked) } }

  /// Asks the server for the task and its events. One request serves all who ask at the same time.
  func refresh() async throws(BerayError) { try await fetch(joining: true).value() }

  /// Returns at once if what is known is fresh; otherwise asks the server.
  /// - Parameter needsEvents: whether a list of tasks, which tells no events, is not enough.
  func ensureFresh(needsEvents: Bool) -> Outcome<Void> {
    if isFresh(needsEvents: needsEvents) { return .done }
    if withState({ $0.isRemoved }) { return .failed(.noSuchFileOrDirectory) }
    return .pending { [self] () async throws(Errno) in
      try await context.call("open", path) { () async throws(BerayError) in
        if !needsEvents, try await isToldByList() { return }
        try await refresh()
      }
    }
  }

  /// Asks for all tasks. One list tells the state of each of them, while a request for one task brings its whole log.
  /// - Returns: whether nothing more needs to be asked.
  private func isToldByList() async throws(BerayError) -> Bool {
    guard let listTasks, withState({ $0.holds == 0 }) else { return false }
    let start = context.time.uptime()
    do throws(BerayError) {
      try await listTasks()
    } catch  where error.status != nil {
      return false
    }
    return isFresh || withState { !$0.isRemoved && $0.taskAsked.map { $0 >= start } ?? false }
  }

  /// Makes the next look ask the server.
  func expire() {
    let now = context.time.uptime()
    change { state in
      state.taskAsked = nil
      state.eventsAsked = nil
      state.isLive = false
      state.expired = now
    }
  }

  /// Starts a request for the task.
  /// - Parameter joining: whether one that is under way will do, if it can tell as much.
  func fetch(joining: Bool) -> Flight<Void, BerayError> {
    let asked = context.time.uptime()
    let (flight, number, mark) = withState { state -> (Flight<Void, BerayError>, Int?, EventLog.Mark) in
      if joining, state.canJoinFlight, let known = state.flight { return (known.flight, nil, state.log.mark) }
      let flight = Flight<Void, BerayError>()
      state.flights += 1
      state.flight = (flight, state.flights)
      state.lastAsked = state.log.mark
      state.lastAskedAt = asked
      return (flight, state.flights, state.log.mark)
    }
    guard let number else { return flight }
    Task { [self] in
      let result: Result<Void, BerayError>
      do throws(BerayError) {
        take(try await context.service.task(id), flight: number, mark: mark, asked: asked)
        result = .success(())
      } catch {
        fail(error, flight: number, mark: mark)
        result = .failure(error)
      }
      flight.finish(result)
    }
    return flight
  }

  private func take(_ task: BerayTask, flight number: Int, mark: EventLog.Mark, asked: Duration) {
    let events = task.events.map(ListedEvents.init)
    change { state in
      if state.flight?.number == number { state.flight = nil }
      // An answer that was overtaken by a later one has nothing to tell.
      guard number > state.appliedFlight, !state.isRemoved else { return }
      state.appliedFlight = number
      // What the stream told while the answer was on its way is newer.
      let isOvertaken = state.reader != nil && state.log.mark.received > mark.received
      let known = state.task.status
      state.take(task)
      if isOvertaken, !task.status.isFinished { state.task.status = known } else { state.set(task.status) }
      state.log.merge(events, status: task.status, asked: mark)
      if let last = task.events?.last(where: { $0.id != nil }) { state.lastListedID = last.id }
      state.logUsed = context.time.uptime()
      // An answer from before all was to be asked anew tells nothing of now.
      let isOfNow = asked >= state.expired
      if isOfNow {
        state.taskAsked = asked
        state.eventsAsked = asked
      }
      if isOfNow, state.reader != nil, mark.connection == state.log.mark.connection { state.isLive = true }
      state.closeIfOver(asked: mark)
    }
    remember()
  }

  /// Tells the budget the size of the log, and has the logs trimmed soon if there are too many.
  func remember() {
    guard context.logs.used(self, weight: withState { $0.log.weight }) else { return }
    Task { [context] in
      try? await context.time.sleep(Self.logGrace + .seconds(1))
      context.logs.trim()
    }
  }

  /// How long a log is kept at least once it was fetched.
  private static let logGrace = Duration.seconds(5)

  /// Forgets the log, if nobody has it open and the server would send the same again.
  /// - Returns: whether it did.
  func dropLog() -> Bool {
    let now = context.time.uptime()
    return withState { state in
      guard state.holds == 0, state.flight == nil, state.log.isReproducible else { return false }
      // Who waited for it is about to look at it.
      guard now - state.logUsed >= Self.logGrace else { return false }
      state.log = state.log.emptied()
      state.lastListedID = nil
      state.eventsAsked = nil
      return true
    }
  }

  private func fail(_ error: BerayError, flight number: Int, mark: EventLog.Mark) {
    change { state in
      if state.flight?.number == number { state.flight = nil }
      if error.code == .notFound { state.isRemoved = true }
      if mark.connection == state.log.mark.connection { state.log.stopWaiting() }
    }
  }

  // MARK: Waiting

  /// Waits until there is more than `offset` bytes.
  /// - Returns: false if the task or the mount has ended and there will be no more.
  /// - Throws: `EINTR` when cancelled, `ESTALE` when the task was deleted.
  func waitForMore(than offset: Int64, of rendering: Rendering) async throws(Errno) -> Bool {
    try await wait { state in
      if state.log.size(of: rendering) > offset { return .success(true) }
      return state.log.isClosed || (state.isInterrupted && !state.isRemoved) ? .success(false) : nil
    }
  }

  /// Waits until the task has ended.
  /// - Throws: `EINTR` when cancelled, `ESTALE` when the task was deleted or the mount ends. Never `EINTR` for the latter:
  ///   programs answer that by reading again.
  func waitForEnd() async throws(Errno) {
    try await wait { $0.isFinished ? .success(()) : nil }
  }

  private func wait<Value>(
    until check: @Sendable (borrowing FeedState) -> Result<Value, Errno>?
  ) async throws(Errno) -> Value {
    @Sendable func look(_ state: borrowing FeedState) -> Result<Value, Errno>? {
      if let result = check(state) { return result }
      return state.isRemoved || state.isInterrupted ? .failure(.staleNFSFileHandle) : nil
    }
    let id = withState { $0.waiters.makeID() }
    while true {
      if let result = withState({ look($0) }) { return try result.get() }
      if Task.isCancelled { throw .interrupted }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isOver = withState { state in
            // A cancellation that is not seen here reaches the handler after this lock is released.
            if look(state) != nil || Task.isCancelled { return true }
            state.waiters.add(continuation, id: id)
            return false
          }
          if isOver { continuation.resume() }
        }
      } onCancel: {
        withState { $0.waiters.remove(id) }?.resume()
      }
    }
  }

  // MARK: Changes

  /// Adds an observer. It is called after a change, outside all locks, in the order of the changes.
  func observe(_ body: @escaping @Sendable (FeedChange) -> Void) {
    withState { $0.observers.append(body) }
  }

  /// Makes a change and does what follows from it.
  @discardableResult
  func change<Value: Sendable>(_ body: (inout FeedState) -> Value) -> Value {
    let (value, effects) = state.withLock { $0.change(body) }
    for continuation in effects.woken { continuation.resume() }
    if effects.startsFollower { startFollower() }
    if effects.startsGrace { startGrace() }
    tell()
    return value
  }

  /// Looks at the state, or changes a part of it that nobody waits for.
  func withState<Value>(_ body: (inout FeedState) -> sending Value) -> sending Value {
    state.withLock(body)
  }

  /// Calls the observers for all changes that they were not told of. One thread does it for all, to keep the order.
  private func tell() {
    while true {
      let next = withState { state -> (FeedChange, [@Sendable (FeedChange) -> Void])? in
        guard !state.isTelling, let change = state.changes.popFirst() else { return nil }
        state.isTelling = true
        return (change, state.observers)
      }
      guard let (change, observers) = next else { return }
      for observer in observers { observer(change) }
      withState { $0.isTelling = false }
    }
  }
}
