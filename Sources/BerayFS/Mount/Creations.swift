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

  private struct State {
    /// Goals that were closed by somebody, whose task is not there yet.
    var unsettled: [UInt64: Bool] = [:]
    var next: UInt64 = 0
    /// Finished when nothing is unsettled any more.
    var settling = Flight<Void, Errno>()
    var running: [UInt64: Task<Void, Never>] = [:]
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
    state.withLock { state in
      let number = state.next
      state.next += 1
      state.running[number] = Task { [self] in
        flight.finish(await post(goal, operation: operation, path: path, text: text))
        self.state.withLock { _ = $0.running.removeValue(forKey: number) }
      }
    }
    return try await flight.value()
  }

  private func post(_ goal: Goal, operation: String, path: String, text: Name?) async -> Result<TaskDirectory, Errno> {
    let known = Set(registry.snapshot.tasks.map(\.id))
    do throws(BerayError) {
      let task = try await context.service.createTask(goal: goal.text, tools: goal.tools)
      guard let directory = registry.adopt(task, text: text) else { return .failure(.noSuchFileOrDirectory) }
      return .success(directory)
    } catch {
      if !error.isRetrySafe(for: operation) { lookUp(goal, path: path, known: known) }
      return .failure(context.fail(operation, path, error))
    }
  }

  /// The answer to a creation was lost. Finds out whether there is a task now, and says so in `.beray/errors`.
  private func lookUp(_ goal: Goal, path: String, known: Set<TaskID>) {
    Task { [self] in
      do {
        try await registry.refresh()
      } catch {
        _ = context.refuse(
          "new", path, .timedOut, "it is not known whether the task was made", advice: "look with ls before you retry")
        return
      }
      let made = registry.snapshot.tasks.filter { !known.contains($0.id) && $0.feed.task.goal == goal.text }
      let detail = made.last.map { "the answer was lost, and the task was made: \($0.name)" }
      _ = context.refuse(
        "new", path, .timedOut, detail ?? "the answer was lost, and no task was made",
        advice: made.isEmpty ? "retry" : "do not retry")
    }
  }

  // MARK: - Goals written to `new`

  /// A handle of `new` with data in it was closed by one of its holders.
  func flushed(_ ticket: Ticket?) -> Ticket {
    if let ticket { return ticket }
    let number = state.withLock { state -> UInt64 in
      let number = state.next
      state.next += 1
      state.unsettled[number] = false
      return number
    }
    Task { [self] in
      // Nobody waits for a handle that somebody keeps open.
      try? await context.time.sleep(Self.releaseDelay)
      let isReleased = state.withLock { $0.unsettled[number] ?? true }
      if !isReleased { settle(number) }
    }
    return Ticket(number: number)
  }

  /// The last close of a handle of `new`: makes the task.
  func released(_ ticket: Ticket, goal: Goal) {
    state.withLock { if $0.unsettled[ticket.number] != nil { $0.unsettled[ticket.number] = true } }
    Task { [self] in
      _ = try? await create(goal, operation: "new", path: "new", text: nil)
      settle(ticket.number)
    }
  }

  /// A handle of `new` ends with nothing to make.
  func dropped(_ ticket: Ticket) { settle(ticket.number) }

  private func settle(_ number: UInt64) {
    let settling = state.withLock { state -> Flight<Void, Errno>? in
      state.unsettled.removeValue(forKey: number)
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
    let running = state.withLock { Array($0.running.values) }
    guard !running.isEmpty else { return }
    let timer = Task { [time = context.time] in
      try? await time.sleep(deadline)
      for task in running { task.cancel() }
    }
    for task in running { await task.value }
    timer.cancel()
  }
}
