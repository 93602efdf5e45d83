import ArgumentParser
import Beray
import BerayAPI
import Waiting

/// `beray-fs task wait`.
struct TaskWait: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait until tasks end; prints their status.",
    usage: "beray-fs task wait <task> ... [--any] [<options>]",
    discussion: """
      It waits for up to 90 seconds while the server cannot be reached.

      EXAMPLE:
        beray-fs task wait 42 && echo well done
        beray-fs task wait 42 43 44
        beray-fs task wait 42 43 --any

      EXIT STATUS:
        0  all COMPLETED
        3  one is FAILED
        4  one is STOPPED, and none FAILED
        1  anything else, such as a timeout
      """)

  @OptionGroup var selection: TasksSelection

  @Flag(help: "Wait for the first that ends, whichever it is.")
  var any = false

  @Option(
    help: ArgumentHelp("Give up after so long, such as 90s or 2h: exit status 1.", valueName: "time"),
    transform: DurationOption.read)
  var timeout: Int64?

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let connection = try await context.connection(server)
    let ids = try await selection.resolved(by: connection.client)
    let ends = try await Self.limited(to: timeout, in: context) { () async throws -> [BerayTask] in
      try await any ? first(of: ids, connection, context) : all(ids, connection, context)
    }
    if !any { return try EndOfTasks(ends).exit() }
    try tell(ends[0], named: ids.count > 1, context)
    try EndOfTasks(ends).exit()
  }

  /// Prints the tasks in the given order, each as soon as it and those before it have ended.
  private func all(_ ids: [TaskID], _ connection: Connection, _ context: Context) async throws -> [BerayTask] {
    try await withThrowingTaskGroup(of: BerayTask.self) { group in
      for id in ids { group.addTask { try await context.follow(id, connection) { _ in } } }
      var ended: [TaskID: BerayTask] = [:]
      var told: [BerayTask] = []
      while let task = try await group.next() {
        ended[task.id] = task
        while told.count < ids.count, let next = ended[ids[told.count]] {
          try tell(next, named: ids.count > 1, context)
          told.append(next)
        }
      }
      return told
    }
  }

  private func first(of ids: [TaskID], _ connection: Connection, _ context: Context) async throws -> [BerayTask] {
    try await withThrowingTaskGroup(of: BerayTask.self) { group in
      for id in ids { group.addTask { try await context.follow(id, connection) { _ in } } }
      defer { group.cancelAll() }
      return try await group.next().map { [$0] } ?? []
    }
  }

  private func tell(_ task: BerayTask, named: Bool, _ context: Context) throws(OutputClosed) {
    try context.show(EndedTask(task: task, isNamed: named), output)
  }

  /// Runs `body`, and gives up after `seconds`.
  private static func limited<Value: Sendable>(
    to seconds: Int64?, in context: Context, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    guard let seconds else { return try await body() }
    return try await race(body) {
      try await context.pause(.seconds(seconds))
      throw CommandError("not ended after \(TimeText.span(seconds: seconds))", advice: "wait longer, or stop it")
    }
  }
}

/// The status of a task that has ended.
struct EndedTask: Payload {
  let task: BerayTask
  let isNamed: Bool

  var json: JSON { task.raw }

  func lines(on page: Page) -> [String] {
    let status = page.styled(ShownText.escaped(task.status.text), Style(task.status))
    return [isNamed ? "\(task.id) \(status)" : status]
  }
}

/// The exit status for tasks that have ended.
struct EndOfTasks {
  let phases: Set<TaskStatus.Phase>

  init(_ tasks: [BerayTask]) { phases = Set(tasks.map(\.status.phase)) }

  /// The worst outcome: 3 for FAILED, then 4 for STOPPED. 0 if all are COMPLETED, and 1 if an outcome is unknown.
  var status: Int32 {
    if phases.contains(.failed) { return 3 }
    if phases.contains(.stopped) { return 4 }
    return phases == [.completed] ? 0 : 1
  }

  func exit() throws {
    if status != 0 { throw ExitCode(status) }
  }
}

/// Parses durations in options.
enum DurationOption {
  @Sendable static func read(_ text: String) throws -> Int64 {
    guard let seconds = TimeText.seconds(text) else {
      throw ValidationError("'\(text)' is not a time: give one such as 90s, 15m, 2h, 7d or 1d12h")
    }
    return seconds
  }
}
