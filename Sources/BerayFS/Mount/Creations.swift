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

  private struct State {
    /// Goals that were closed by somebody, whose task is not there yet.
    var unsettled: [Ticket: Stage] = [:]
    var next: UInt64 = 0
    /// Finished when nothing is unsettled any more.
    var settling = Flight<Void, Errno>()
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

  /// Makes a task by one request, which is never repeated. Cancelling the wait leaves the request running; the task then just appears.
  func create(_ goal: Goal, operation: String, path: String, text: Name?) async throws(Errno) -> TaskDirectory {
    let flight = Flight<TaskDirectory, Errno>()
    run { [self] in flight.finish(await post(goal, operation: operation, path: path, text: text)) }
    return try await flight.value()
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

  private func post(_ goal: Goal, operation: String, path: String, text: Name?) async -> Result<TaskDirectory, Errno> {
    let known = Set(registry.snapshot.tasks.map(\.id))
    do throws(BerayError) {
      var task = try await context.service.createTask(goal: goal.text, tools: goal.tools)
      // Some servers answer with the number alone.
      if task.goal.isEmpty { task.goal = goal.text }
      guard let directory = registry.adopt(task, text: text) else { return .failure(.noSuchFileOrDirectory) }
      if task.status.text.isEmpty { directory.expire() }
      return .success(directory)
    } catch {
      let errno = context.fail(operation, path, error)
      if !error.isRetrySafe(for: operation) {
        run { [self] in await lookUp(goal, operation: operation, path: path, text: text, known: known) }
      }
      return .failure(errno)
    }
  }

  /// The answer to a creation was lost. Finds out whether there is a task now, and says so in `.beray/errors`.
  private func lookUp(_ goal: Goal, operation: String, path: String, text: Name?, known: Set<TaskID>) async {
    do {
      try await registry.refreshAnew()
    } catch {
      context.note(
        operation, path, .timedOut, "the answer was lost, and it is not known whether the task was made",
        advice: "look with ls before you retry", isRetrySafe: false)
      return
    }
    let made = registry.snapshot.tasks.map(\.feed.task).filter { !known.contains($0.id) && $0.goal == goal.text }
    guard let task = made.last else {
      context.note(
        operation, path, .timedOut, "the answer was lost, and no task is there so far",
        advice: "look with ls before you retry", isRetrySafe: false)
      return
    }
    let name = registry.adopt(task, text: text)?.name
    context.note(
      operation, path, .timedOut, "the answer was lost, but the task was made: \(name ?? Name(task.id.description))",
      advice: "do not retry", isRetrySafe: false)
  }

  // MARK: - Goals written to `new`

  /// A handle of `new` with data in it was closed by one of its holders.
  func flushed(_ ticket: Ticket?) -> Ticket {
    let (ticket, stage) = state.withLock { state -> (Ticket, Stage) in
      let number = state.nextNumber()
      let ticket = ticket ?? Ticket(number: number)
      state.unsettled[ticket] = .flushed(number)
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
      state.unsettled[ticket] = .released
      return ticket
    }
    run { [self] in
      _ = await post(goal, operation: "new", path: "new", text: nil)
      settle(ticket, in: .released)
    }
  }

  /// A handle of `new` ends with nothing to make.
  func dropped(_ ticket: Ticket) {
    state.withLock { $0.unsettled[ticket] = .released }
    settle(ticket, in: .released)
  }

  /// Nobody waits for the goal any more, if it is still in that stage.
  private func settle(_ ticket: Ticket, in stage: Stage) {
    let settling = state.withLock { state -> Flight<Void, Errno>? in
      guard state.unsettled[ticket] == stage else { return nil }
      state.unsettled.removeValue(forKey: ticket)
      guard state.unsettled.isEmpty else { return nil }
      defer { state.settling = Flight() }
      return state.settling
    }
    settling?.finish(.success(()))
  }

  var isUnsettled: Bool { state.withLock { !$0.unsettled.isEmpty } }

  /// Done when every goal that was closed has become a task, or has failed.
  func settled() -> Outcome<Void> {
    guard isUnsettled else { return .done }
    return .pending { [self] () async throws(Errno) in
      let settling = state.withLock { $0.unsettled.isEmpty ? nil : $0.settling }
      try await settling?.value()
    }
  }

  /// Waits for the tasks that are being made, at the end of the mount.
  func finish(deadline: Duration) async {
    let timer = Task { [self] in
      try? await context.time.sleep(deadline)
      for task in state.withLock({ Array($0.running.values) }) { task.cancel() }
    }
    // A creation whose answer is lost starts a look-up.
    while let task = state.withLock({ $0.running.values.first }) { await task.value }
    timer.cancel()
  }
}
