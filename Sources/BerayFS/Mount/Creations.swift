import BerayAPI
import BerayClient
import Synchronization
import SystemPackage
import VFS

/// Makes tasks, and knows which are being made.
///
/// What shows the tasks waits for a goal that was written to `new` and closed, so that the next command of a script sees its task although the kernel
/// tells of the last close only after close(2) has returned.
final class Creations: Sendable {
  /// One goal on its way from the first close to the task.
  struct Ticket: Hashable, Sendable { fileprivate let number: UInt64 }

  /// What others wait for.
  private enum Stage: Equatable {
    /// Somebody closed the handle; the number tells the flushes apart.
    case flushed(UInt64)
    /// The last copy of the handle was closed, and the task is being made.
    case released
  }

  private struct Unsettled {
    var stage: Stage
    /// Finished when the task is there, or there will be none.
    let end = Flight<Void, Errno>()
  }

  private typealias Making = Flight<TaskDirectory, Errno>

  private struct State {
    /// Goals that were closed by somebody, whose task is not there yet.
    var unsettled: [Ticket: Unsettled] = [:]
    /// The texts of which mkdir makes tasks, until it is known what became of each.
    var making: [Name: Making] = [:]
    var next: UInt64 = 0
    var running: [UInt64: Task<Void, Never>] = [:]

    mutating func nextNumber() -> UInt64 {
      next += 1
      return next
    }
  }

  /// How long others wait for the last close of a goal that somebody has closed already. It follows within milliseconds, unless another
  /// process holds the file open.
  private static let releaseDelay = Duration.milliseconds(500)

  private let context: MountContext
  private let registry: TaskRegistry
  private let state = Mutex(State())

  init(context: MountContext, registry: TaskRegistry) {
    self.context = context
    self.registry = registry
  }

  // MARK: - Making a task

  /// Makes a task of the text that mkdir was given, by one request, which is never repeated. Cancelling the wait leaves the
  /// request running; the task then just appears, and who asks for the same meanwhile waits for it.
  /// - Throws: `EEXIST` where there is one of that text by now.
  func mkdir(_ text: Name) async throws(Errno) -> TaskDirectory {
    let making = Making()
    let underWay = state.withLock { state -> Making? in
      if let other = state.making[text] { return other }
      state.making[text] = making
      return nil
    }
    if let underWay {
      _ = try await underWay.value()
      throw .fileExists
    }
    let answer = Making()
    run { [self] in
      let result = await make(Creation(goal: Goal(text: text.string, tools: nil), text: text)) { answer.finish($0) }
      state.withLock { _ = $0.making.removeValue(forKey: text) }
      making.finish(result)
    }
    return try await answer.value()
  }

  /// Runs work that the end of the mount waits for.
  private func run(_ work: @escaping @Sendable () async -> Void) {
    state.withLock { state in
      let number = state.nextNumber()
      state.running[number] = Task { [self] in
        await work()
        self.state.withLock { _ = $0.running.removeValue(forKey: number) }
      }
    }
  }

  /// What is to be made.
  private struct Creation {
    var goal: Goal
    /// What mkdir was given; nil for a goal that was written to `new`.
    var text: Name?
    var operation: String { text == nil ? "new" : "mkdir" }
    var path: String { text?.string ?? "new" }
  }

  /// Makes a task.
  /// - Parameter answered: gets what the request gave, before it is looked up what became of one whose outcome is open.
  /// - Returns: what is known in the end.
  private func make(
    _ creation: Creation, answered: (Result<TaskDirectory, Errno>) -> Void = { _ in }
  ) async -> Result<TaskDirectory, Errno> {
    if let text = creation.text, registry.task(named: text) != nil {
      answered(.failure(.fileExists))
      return .failure(.fileExists)
    }
    let newest = registry.snapshot.tasks.last?.id
    do throws(BerayError) {
      var task = try await context.service.createTask(goal: creation.goal.text, tools: creation.goal.tools)
      // Some servers answer with the number alone.
      if task.goal.isEmpty { task.goal = creation.goal.text }
      let directory = registry.adopt(task, text: creation.text)
      if task.status.text.isEmpty { directory?.expire() }
      let result = directory.map { Result<_, Errno>.success($0) } ?? .failure(.noSuchFileOrDirectory)
      answered(result)
      return result
    } catch {
      let errno = context.fail(creation.operation, creation.path, error)
      answered(.failure(errno))
      guard !error.isRetrySafe(for: creation.operation) else { return .failure(errno) }
      return await lookUp(creation, after: error, errno, newest).map { .success($0) } ?? .failure(errno)
    }
  }

  /// The outcome of a creation is open. Finds out whether there is a task now, and says so in `.beray/errors`.
  /// - Parameter newest: the last task that was known before; who else makes tasks may have made others since.
  private func lookUp(
    _ creation: Creation, after error: BerayError, _ errno: Errno, _ newest: TaskID?
  ) async -> TaskDirectory? {
    func tell(_ outcome: String, advice: String) {
      context.note(
        creation.operation, creation.path, errno, "\(error.whatHappened), \(outcome)", advice: advice,
        isRetrySafe: false)
    }
    do {
      try await registry.refreshAnew()
    } catch {
      tell("and it is not known whether the task was made", advice: "look with ls before you retry")
      return nil
    }
    let fitting = registry.snapshot.tasks.filter { task in
      newest.map { task.id > $0 } ?? true && !registry.isAdopted(task.id) && task.feed.task.goal == creation.goal.text
    }
    guard let made = fitting.first else {
      tell("and no task is there so far", advice: "look with ls before you retry")
      return nil
    }
    guard fitting.count == 1 else {
      let names = fitting.map(\.name.string).joined(separator: ", ")
      tell("and the task was made, perhaps, as one of \(names)", advice: "look which of them is yours before you retry")
      return nil
    }
    tell("but the task was made: \(made.name)", advice: "do not retry")
    return registry.adopt(made.feed.task, text: creation.text)
  }

  // MARK: - Goals written to `new`

  /// A handle of `new` with data in it was closed by one of its holders.
  func flushed(_ ticket: Ticket?) -> Ticket {
    let (ticket, stage) = state.withLock { state -> (Ticket, Stage) in
      let number = state.nextNumber()
      let ticket = ticket ?? Ticket(number: number)
      state.unsettled[ticket, default: Unsettled(stage: .released)].stage = .flushed(number)
      return (ticket, .flushed(number))
    }
    Task { [self] in
      // Nobody waits for a handle that somebody keeps open.
      try? await context.time.sleep(Self.releaseDelay)
      settle(ticket, in: stage)
    }
    return ticket
  }

  /// The last close of a handle of `new`: makes the task.
  func released(_ ticket: Ticket?, goal: Goal) {
    let ticket = state.withLock { state in
      let ticket = ticket ?? Ticket(number: state.nextNumber())
      state.unsettled[ticket, default: Unsettled(stage: .released)].stage = .released
      return ticket
    }
    run { [self] in
      _ = await make(Creation(goal: goal)) { _ in settle(ticket, in: .released) }
    }
  }

  /// A handle of `new` ends with nothing to make.
  func dropped(_ ticket: Ticket) {
    state.withLock { state in state.unsettled.removeValue(forKey: ticket) }?.end.finish(.success(()))
  }

  /// Nobody waits for the goal any more, if it is still in that stage.
  private func settle(_ ticket: Ticket, in stage: Stage) {
    let settled = state.withLock { state in
      state.unsettled[ticket]?.stage == stage ? state.unsettled.removeValue(forKey: ticket) : nil
    }
    settled?.end.finish(.success(()))
  }

  var isUnsettled: Bool { state.withLock { !$0.unsettled.isEmpty } }

  /// Waits until every goal that is closed by now has become a task, or has failed. Those that come later are not waited for.
  func settle() async {
    for goal in state.withLock({ Array($0.unsettled.values) }) { try? await goal.end.value() }
  }

  /// Done when every goal that is closed by now has become a task or has failed, or after as long as a look has patience.
  func settled() -> Outcome<Void> {
    guard isUnsettled else { return .done }
    return .pending { [self] () async throws(Errno) in
      try await Patience.wait(by: context.time) { [self] in await settle() }
    }
  }

  /// Waits for the tasks that are being made, at the end of the mount. When it is cancelled or the time is over, it ends the
  /// requests.
  /// - Parameter end: by ``TimeSource/uptime``.
  func finish(until end: Duration) async {
    await withTaskGroup { group in
      group.addTask { [self] in
        while let task = state.withLock({ $0.running.values.first }) { await task.value }
      }
      group.addTask { [self] in
        try? await context.time.sleep(end - context.time.uptime())
        for task in state.withLock({ Array($0.running.values) }) { task.cancel() }
      }
      await group.next()
      group.cancelAll()
    }
  }
}

extension BerayError {
  /// Why it is open whether a request was carried out.
  fileprivate var whatHappened: String {
    switch code {
    case .timedOut: "no answer came in time"
    case .connectionLost: "the connection broke before the answer"
    case .invalidResponse: "the answer made no sense"
    default: "the server failed" + (status.map { " (\($0))" } ?? "")
    }
  }
}
