import ArgumentParser
import Beray
import BerayAPI
import BerayFS

/// `beray-fs task stream`.
struct TaskStream: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "stream",
    abstract: "Print a task's events as they come, until it ends.",
    usage: "beray-fs task stream (<task> | --all) [<options>]",
    discussion: """
      With --all: the events of every task that runs or begins, each line with the task's number, until Ctrl-C.

      EXAMPLE:
        beray-fs task stream 42
        beray-fs task stream last --json | jq -r 'select(.type == "output") | .text'
        beray-fs task stream --all
      """)

  @Argument(
    help: "The task: its number, or 'last'.", completion: Completions.tasks, transform: TaskReference.read)
  var task: TaskReference?

  @Flag(name: [.customShort("a"), .long], help: "All tasks that run or begin.")
  var all = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func validate() throws {
    guard (task != nil) != all else {
      throw ValidationError(all ? "give a task or --all, not both" : "give a task, such as 'last', or --all")
    }
  }

  func run(in context: Context) async throws {
    let connection = try await context.connection(server)
    guard let task else { return try await AllTaskEvents(connection: connection, output: output).run(in: context) }
    let id = try await task.resolved(by: connection.client)
    _ = try await TaskEventPrinter(id: id, connection: connection, output: output).run(in: context)
  }
}

/// Prints the events of one task until it ends.
struct TaskEventPrinter {
  let id: TaskID
  let connection: Connection
  let output: JSONOption
  /// Whether each line names the task.
  var namesTask = false

  func run(in context: Context) async throws -> BerayTask {
    try await context.follow(id, connection) { event in
      try context.renderer(output).each(EventOfTask(event: event, task: namesTask ? id : nil))
    }
  }
}

/// An event as it comes.
struct EventOfTask: PayloadSeries {
  let event: TaskEvent
  /// Nil if no line names it.
  let task: TaskID?

  var items: [JSON] {
    guard let task else { return [event.raw] }
    return [["task": JSON(task.rawValue), "event": event.raw]]
  }

  /// Nothing for an event that is for programs alone.
  func lines(on page: Page) -> [String] {
    let line = event.line(.text)
    guard !line.isEmpty else { return [] }
    return [(task.map { "\($0)\t" } ?? "") + String(decoding: line.dropLast(), as: UTF8.self)]
  }
}

/// Prints the events of every running task, and of tasks that begin later.
struct AllTaskEvents {
  let connection: Connection
  let output: JSONOption

  func run(in context: Context) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.findTasks(in: context) }
      // The search ends only with an error or by cancellation.
      try await group.next()
      group.cancelAll()
    }
  }

  private func findTasks(in context: Context) async throws {
    var newest: TaskID?
    var followed: Set<TaskID> = []
    var patience = OutageLimit()
    try await withThrowingDiscardingTaskGroup { group in
      while true {
        do {
          let tasks = try await connection.client.tasks()
          patience.succeeded()
          // Skip tasks that had ended before the first look, but not those that began and ended since.
          let fresh = tasks.filter { task in
            !followed.contains(task.id) && (!task.status.isFinished || newest.map { task.id > $0 } ?? false)
          }
          for id in fresh.map(\.id).sorted() {
            followed.insert(id)
            group.addTask { try await self.print(id, in: context) }
          }
          newest = max(newest ?? TaskID(rawValue: -1), tasks.map(\.id).max() ?? TaskID(rawValue: -1))
        } catch let error as BerayError where patience.allows(error) {}
        try await context.pause(.seconds(1))
      }
    }
  }

  /// If the task is deleted meanwhile, only its own output ends.
  private func print(_ id: TaskID, in context: Context) async throws {
    do {
      let printer = TaskEventPrinter(id: id, connection: connection, output: output, namesTask: true)
      _ = try await printer.run(in: context)
    } catch let error as BerayError where error.code == .notFound {}
  }
}
