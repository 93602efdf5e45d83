import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// Makes tasks, and knows which are being made.
///
/// Listings wait for goals that were closed, so that a script's next command sees its task: the kernel tells of the last
/// close only after close(2) has returned. Goals become tasks in the order of their closes.
final class Creations: Sendable {
  typealias Ticket = CloseOrder.Ticket
  private typealias Making = Flight<TaskDirectory, Errno>

  private struct State {
    /// Goals that were closed by somebody, whose task is not there yet.
    var unsettled = CloseOrder()
    /// The texts from which mkdir is making tasks now, until the outcome of each is known.
    var making: [Name: Making] = [:]
    var next: UInt64 = 0
    var running: [UInt64: Task<Void, Never>] = [:]
  }

  /// How long others wait for the last close of a goal that was already closed once. It follows within milliseconds,
  /// unless another process holds the file open.
  private static let releaseDelay = Duration.milliseconds(500)

  private let context: MountContext
  private let registry: TaskRegistry
  /// What became of the last goal of each session.
  let sessions: SessionBook
  private let state = Mutex(State())

  init(context: MountContext, registry: TaskRegistry) {
    self.context = context
    self.registry = registry
    sessions = SessionBook(processes: context.processes)
  }

  // MARK: - Making a task

  /// Makes a task of the text that mkdir was given, by one request, which is never repeated. Cancelling the wait leaves the
  /// request running; the task then just appears, and who asks for the same meanwhile waits for it.
  /// - Throws: `EEXIST` if one of that text is under way or has not ended.
  func mkdir(_ text: Name, caller: Caller) async throws(Errno) -> TaskDirectory {
    let session = sessions.session(of: caller)
    let making = Making()
    let underWay = state.withLock { state -> Making? in
      if let other = state.making[text] { return other }
      state.making[text] = making
      return nil
    }
    if let underWay {
      throw exists(text, try await underWay.value())
    }
    let answer = Making()
    run { [self] in
      let creation = Creation(goal: Goal(text: text.string), text: text, session: session)
      let result = await make(creation) { answer.finish($0) }
      state.withLock { _ = $0.making.removeValue(forKey: text) }
      making.finish(result)
    }
    return try await answer.value()
  }

  /// Runs work that the end of the mount waits for.
  private func run(_ work: @escaping @Sendable () async -> Void) {
    state.withLock { state in
      state.next += 1
      let number = state.next
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
    var session: SessionBook.Session
    var operation: String { text == nil ? "new" : "mkdir" }
    var path: String { text?.string ?? "new" }
  }

  /// Makes a task.
  /// - Parameter answered: gets what the request gave, before it is looked up what became of one whose outcome is open.
  /// - Returns: what is known in the end.
  private func make(
    _ creation: Creation, answered: (Result<TaskDirectory, Errno>) -> Void = { _ in }
  ) async -> Result<TaskDirectory, Errno> {
    if let text = creation.text, let task = registry.task(named: text), !task.feed.task.status.isFinished {
      let result = Result<TaskDirectory, Errno>.failure(exists(text, task))
      answered(result)
      return result
    }
    if let errno = await refusal(of: creation) {
      answered(.failure(errno))
      return .failure(errno)
    }
    let newest = registry.snapshot.tasks.last?.id
    do throws(BerayError) {
      var task = try await context.service.createTask(creation.goal.request)
      // Some servers answer with the number alone.
      if task.goal.isEmpty { task.goal = creation.goal.text }
      let directory = registry.adopt(task, text: creation.text)
      if task.status.text.isEmpty { directory?.expire() }
      let result = directory.map { Result<_, Errno>.success($0) } ?? .failure(.noSuchFileOrDirectory)
      sessions.note(.made(task.id), for: creation.session)
      answered(result)
      return result
    } catch {
      let errno = context.fail(creation.operation, creation.path, error)
      refused(creation, errno, error.reason)
      answered(.failure(errno))
      guard error.repetition(isCreation: true) == .isUnknown else { return .failure(errno) }
      guard let made = await lookUp(creation, after: error, errno, newest) else { return .failure(errno) }
      sessions.note(.made(made.id), for: creation.session)
      return .success(made)
    }
  }

  /// Why the server cannot be asked for such a task; nil if it can.
  private func refusal(of creation: Creation) async -> Errno? {
    let wanted: [(name: String, value: String?, capability: Capabilities)] = [
      ("agent", creation.goal.request.agent, .choosesAgent),
      ("from", creation.goal.request.from, .startsFrom),
    ]
    guard wanted.contains(where: { $0.value != nil }) else { return nil }
    let offered: Capabilities
    do throws(BerayError) { offered = try await context.service.capabilities() } catch {
      let errno = context.fail(creation.operation, creation.path, error)
      refused(creation, errno, error.reason)
      return errno
    }
    for member in wanted where member.value != nil && !offered.contains(member.capability) {
      let why = "this server does not accept '\(member.name)' for a task"
      refused(creation, .invalidArgument, why)
      return context.refuse(
        creation.operation, creation.path, .invalidArgument, why, advice: "leave '\(member.name)' out")
    }
    return nil
  }

  /// A shell does not see what close(2) returns, so it is kept for the shell's next look.
  private func refused(_ creation: Creation, _ errno: Errno, _ why: String) {
    guard creation.text == nil else { return }
    refused(errno, why, for: creation.session)
  }

  /// A goal that was written to `new` makes no task.
  func refused(_ errno: Errno, _ why: String, for session: SessionBook.Session) {
    sessions.note(.refused(errno: errno, why: why, newest: registry.newest?.id), for: session)
  }

  /// What mkdir gets where a task of that text is at work.
  func exists(_ text: Name, _ task: TaskDirectory) -> Errno {
    context.refuse(
      "mkdir", text.string, .fileExists, "\(task.name) has that goal and is \(task.feed.task.status.text)",
      advice: "wait for its end, or write the goal to 'new' to have another")
  }

  /// The outcome of a creation is open. Finds out whether there is a task now, and says so in `.beray/errors`.
  /// - Parameter newest: the last task that was known before. Others may have made tasks since.
  private func lookUp(
    _ creation: Creation, after error: BerayError, _ errno: Errno, _ newest: TaskID?
  ) async -> TaskDirectory? {
    func tell(_ outcome: String, advice: String) {
      context.note(
        creation.operation, creation.path, errno, "\(error.whatHappened), \(outcome)", advice: advice,
        repetition: .isUnknown)
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
      tell("and one of these may be your task: \(names)", advice: "look which is yours before you retry")
      return nil
    }
    tell("but the task was made: \(made.name)", advice: "do not retry")
    return registry.adopt(made.feed.task, text: creation.text)
  }

  // MARK: - Goals written to `new`

  /// Takes the place of a handle of `new` with data in it, which one of its holders closed. Call ``flushed(_:)`` next,
  /// outside of any lock.
  func takePlace(_ ticket: Ticket?) -> CloseOrder.Close { state.withLock { $0.unsettled.flush(ticket) } }

  /// The handle has its place among the closed ones.
  func flushed(_ close: CloseOrder.Close) {
    finish(close.due)
    Task { [self] in
      // Nobody waits for a handle that somebody keeps open.
      try? await context.time.sleep(Self.releaseDelay)
      finish(state.withLock { $0.unsettled.settle(close.ticket, flushedAt: close.number) })
    }
  }

  /// The last close of a handle of `new`: makes the task when those that were closed earlier have theirs.
  func released(_ ticket: Ticket?, goal: Goal, session: SessionBook.Session) {
    let (ticket, turn, due) = state.withLock { $0.unsettled.release(ticket) }
    finish(due)
    run { [self] in
      // Where the mount ends the wait, what is left becomes a task as well.
      try? await turn.value()
      _ = await make(Creation(goal: goal, session: session)) { _ in dropped(ticket) }
    }
  }

  /// A handle of `new` ends with nothing to make.
  func dropped(_ ticket: Ticket) { finish(state.withLock { $0.unsettled.settle(ticket) }) }

  private func finish(_ flights: [Flight<Void, Errno>]) { for flight in flights { flight.finish(.success(())) } }

  var isUnsettled: Bool { state.withLock { !$0.unsettled.isEmpty } }

  /// Waits until every goal that is closed by now has become a task, or has failed. Later ones are not waited for.
  func settle() async {
    for end in state.withLock({ $0.unsettled.ends }) { try? await end.value() }
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
    await race { [self] in
      while let task = state.withLock({ $0.running.values.first }) { await task.value }
    } against: { [self] in
      try? await context.time.sleep(end - context.time.uptime())
      for task in state.withLock({ Array($0.running.values) }) { task.cancel() }
      return nil
    }
  }
}

extension BerayError {
  /// Why it is open whether a request was carried out.
  fileprivate var whatHappened: String {
    switch code {
    case .timedOut: "no answer came in time"
    case .connectionLost: "the connection broke before the answer"
    case .invalidResponse: "the server's answer could not be understood"
    default: "the server failed" + (status.map { " (\($0))" } ?? "")
    }
  }
}
