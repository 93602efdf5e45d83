internal import DequeModule
internal import Glibc
internal import LinuxSystem
internal import Logging
internal import Synchronization
internal import SystemPackage

/// Runs the tasks, a limited number at once. The others wait in order.
///
/// INVARIANT: a task id is never in both `queue` and `running`. It leaves `running` only after its final status is in
/// the store, or when the server ends and leaves it to ``CrashRecovery``.
final class TaskRunner: Sendable {
  struct Configuration: Sendable {
    var command: AgentCommand
    /// Returns the agent that a task asks for by name; nil if there is none.
    var named: @Sendable (String) -> AgentCommand? = { _ in nil }
    /// The environment that agents get their variables from.
    var environment: [String: String] = [:]
    /// Names of the variables that agents get besides the fixed ones.
    var environmentNames: [String] = []
    var maximumTasks = ServerConfiguration.standardMaximumTasks
    /// The time between SIGTERM and SIGKILL.
    var grace: Duration = .seconds(10)
    /// The pause between attempts to store the end of a task, for example while the disk is full.
    var retryPause: Duration = .seconds(1)
  }

  private struct Running {
    /// Nil until the process has started.
    var run: AgentRun?
    /// How the task is to end and how long that may take; nil if nobody has stopped it.
    var stop: (outcome: TaskOutcome, grace: Duration)?
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private struct State {
    var queue: Deque<Int64> = []
    var running: [Int64: Running] = [:]
    var isShutDown = false
  }

  private let configuration: Configuration
  private let store: Store
  private let hub: EventHub
  private let paths: @Sendable (Int64) -> TaskPaths
  private let logger: Logger
  private let keeper: EventKeeper
  private let state = Mutex(State())

  init(
    _ configuration: Configuration, store: Store, hub: EventHub, paths: @escaping @Sendable (Int64) -> TaskPaths,
    logger: Logger
  ) {
    self.configuration = configuration
    self.store = store
    self.hub = hub
    self.paths = paths
    self.logger = logger
    keeper = EventKeeper(store: store, hub: hub, pause: configuration.retryPause, logger: logger)
  }

  /// How long an agent has to end by itself once it was asked to.
  var grace: Duration { configuration.grace }

  /// The name of the agent for tasks that ask for none.
  var defaultAgent: String { configuration.command.name }

  /// Whether there is an agent of that name.
  func knows(agent name: String) -> Bool { command(named: name) != nil }

  /// Whether any task runs or waits to.
  var isBusy: Bool { state.withLock { !$0.queue.isEmpty || !$0.running.isEmpty } }

  /// Queues a pending task. It starts as soon as the limit allows.
  func submit(_ task: Int64) {
    state.withLock { $0.queue.append(task) }
    startWaiting()
  }

  /// Asks a task to end, without waiting for it. Does nothing if the task has already ended.
  ///
  /// - Parameter grace: how long its agent may take; nil for the configured time.
  func stop(_ task: Int64, _ outcome: TaskOutcome = TaskOutcome(status: .stopped), grace: Duration? = nil) throws {
    let grace = grace ?? configuration.grace
    let (isRunning, run) = state.withLock { state -> (Bool, AgentRun?) in
      state.queue.removeAll { $0 == task }
      guard let running = state.running[task] else { return (false, nil) }
      state.running[task]?.stop = (running.stop?.outcome ?? outcome, min(running.stop?.grace ?? grace, grace))
      return (true, running.run)
    }
    run?.stop(grace: grace)
    // Even for a task that the runner does not know, so that none stays unfinished in the store for ever.
    if !isRunning { try finish(task, outcome) }
  }

  /// Returns once the task is not running: at once if it is queued or has ended.
  func waitUntilEnded(_ task: Int64) async {
    await withCheckedContinuation { continuation in
      let runs = state.withLock { state in
        guard state.running[task] != nil else { return false }
        state.running[task]?.waiters.append(continuation)
        return true
      }
      if !runs { continuation.resume() }
    }
  }

  /// Stops all running tasks and starts no others. Queued tasks stay pending for the next start of the server.
  func shutDown() async {
    let tasks = state.withLock { state in
      state.isShutDown = true
      state.queue = []
      return Array(state.running.keys)
    }
    for task in tasks {
      try? stop(task, TaskOutcome(status: .stopped, text: "the server was shut down"))
    }
    for task in tasks { await waitUntilEnded(task) }
  }

  private func startWaiting() {
    while let task = takeNext() {
      // An agent's thread blocks until the agent ends.
      do throws(Errno) { try SystemThread(named: "agent") { self.run(task) }.detach() } catch {
        conclude(task, TaskOutcome(status: .failed, text: "the server has no thread for another agent"))
      }
    }
  }

  private func takeNext() -> Int64? {
    state.withLock { state in
      guard !state.isShutDown, state.running.count < configuration.maximumTasks, let task = state.queue.popFirst()
      else { return nil }
      state.running[task] = Running()
      return task
    }
  }

  /// Runs a task from start to end. Blocks, so it needs its own thread.
  private func run(_ task: Int64) {
    do {
      conclude(task, try perform(task))
    } catch {
      logger.error("task \(task): \(error)")
      conclude(task, TaskOutcome(status: .failed, text: "the agent could not be run: \(error)"))
    }
    startWaiting()
  }

  private func perform(_ task: Int64) throws -> TaskOutcome {
    let stopped = TaskOutcome(status: .stopped)
    guard let record = try store.task(task), !isToStop(task) else { return stopped }
    let token = AgentMark.newToken()
    let name = record.agent ?? configuration.command.name
    // Before the agent starts, so that a task never runs twice if the server crashes in between.
    guard try store.markRunning(task, token: token, agent: name) else { return stopped }
    hub.notify(task)
    guard let command = command(named: name) else {
      return TaskOutcome(status: .failed, text: "there is no agent '\(name)' any more")
    }
    let launch = AgentLaunch(
      command: command, task: record, paths: paths(task), passing: configuration.environmentNames, token: token,
      from: configuration.environment)
    guard let program = launch.arguments.first else {
      return TaskOutcome(status: .failed, text: "no agent command is configured")
    }
    if let complaint = command.complaint(in: launch.environment) {
      return TaskOutcome(status: .failed, text: "\(command.name) cannot work: \(complaint)")
    }
    guard !isToStop(task) else { return stopped }
    if !launch.shortcomings.isEmpty {
      try store.append(launch.shortcomings.map { AgentEvent(type: "session", text: $0) }, to: task)
    }
    if let source = record.source.flatMap(WorkSource.init(stored:)) {
      let filling = AgentLaunch(
        filling: source, task: record, paths: paths(task), token: token, from: configuration.environment)
      let outcome = try perform(filling, AgentLineDecoder(format: .lines), task)
      guard outcome.status == .completed else {
        return TaskOutcome(status: outcome.status, text: "its inputs could not be copied: see the events")
      }
      guard !isToStop(task) else { return stopped }
    }
    let decoder = AgentLineDecoder(
      format: command.format, workDirectory: launch.workDirectory, failureWords: command.failureWords)
    do {
      return try perform(launch, decoder, task)
    } catch let error as Errno {
      return TaskOutcome(status: .failed, text: "cannot start \(program): \(error)\(Self.hint(for: error))")
    }
  }

  /// Runs one program of a task until it ends.
  /// - Throws: ``Errno`` if it cannot be started.
  private func perform(_ launch: AgentLaunch, _ decoder: AgentLineDecoder, _ task: Int64) throws -> TaskOutcome {
    let run = try AgentRun(starting: launch, decoder: decoder)
    do {
      try store.recordLeader(run.leader, of: task)
    } catch {
      run.abandon()
      throw error
    }
    let stop = state.withLock { state in
      state.running[task]?.run = run
      return state.running[task]?.stop
    }
    if let stop { run.stop(grace: stop.grace) }
    logger.info("task \(task) begins")
    return run.run { events in
      keeper.keep(events, of: task, isToEnd: run.isAskedToEnd)
    } remember: { strays in
      do { try store.recordStrays(strays, of: task) } catch {
        logger.error("task \(task): cannot store where its processes are: \(error)")
      }
    }
  }

  private func command(named name: String) -> AgentCommand? {
    name == configuration.command.name ? configuration.command : configuration.named(name)
  }

  private static func hint(for error: Errno) -> String {
    switch error {
    case .noSuchFileOrDirectory: " (is it installed, and in the server's PATH?)"
    case Errno(rawValue: E2BIG): " (the goal is too long for an argument; use {goal_file} in its command)"
    default: ""
    }
  }

  private func isToStop(_ task: Int64) -> Bool { state.withLock { $0.running[task]?.stop != nil } }

  /// Stores how a task ended, then removes it from `running`. If the store fails, retries until the server ends.
  private func conclude(_ task: Int64, _ outcome: TaskOutcome) {
    var told = state.withLock { $0.running[task]?.stop?.outcome } ?? outcome
    told.summary = outcome.summary
    let outcome = told
    do {
      try finish(task, outcome)
      release(task)
    } catch {
      logger.error("task \(task): cannot store its end, and tries again: \(error)")
      Task { await concludeLater(task, outcome) }
    }
  }

  private func concludeLater(_ task: Int64, _ outcome: TaskOutcome) async {
    while !state.withLock(\.isShutDown) {
      try? await Task.sleep(for: configuration.retryPause)
      do {
        try finish(task, outcome)
        break
      } catch {
        continue
      }
    }
    release(task)
    startWaiting()
  }

  private func release(_ task: Int64) {
    let waiters = state.withLock { $0.running.removeValue(forKey: task)?.waiters ?? [] }
    waiters.forEach { $0.resume() }
  }

  private func finish(_ task: Int64, _ outcome: TaskOutcome) throws {
    try keeper.tellGap(of: task)
    try store.finish(task, outcome)
    hub.notify(task)
    logger.info("task \(task) ended: \(outcome.status.rawValue)\(outcome.text.map { ", " + $0 } ?? "")")
  }
}
