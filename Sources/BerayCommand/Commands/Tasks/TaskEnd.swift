import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs task stop`.
struct TaskStop: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Stop tasks.",
    usage: "beray-fs task stop <task> ... [<options>]",
    discussion: """
      EXAMPLE:
        beray-fs task stop 42
        beray-fs task stop 42 43
      """)

  @OptionGroup var selection: TasksSelection
  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let client = try await context.connection(server).client
    try await ForEachTask(ids: selection.resolved(by: client), output: output).run(in: context) { id in
      try await client.stopTask(id)
    }
  }
}

/// `beray-fs task delete`.
struct TaskDelete: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Delete tasks with their files.",
    usage: "beray-fs task delete <task> ... [<options>]",
    discussion: """
      A task that runs is stopped first.

      EXAMPLE:
        beray-fs task delete 42
        beray-fs task delete 42 43
      """,
    aliases: ["rm"])

  @OptionGroup var selection: TasksSelection
  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let client = try await context.connection(server).client
    try await ForEachTask(ids: selection.resolved(by: client), output: output).run(in: context) { id in
      try await client.deleteTask(id)
    }
  }
}

/// Does one thing to several tasks. A failure does not stop the rest.
struct ForEachTask {
  let ids: [TaskID]
  let output: JSONOption

  /// - Throws: the error of a single task. For several tasks, prints each error and throws exit status 1.
  func run(in context: Context, _ body: (TaskID) async throws -> JSON) async throws {
    var hasFailed = false
    for id in ids {
      do {
        try context.answer(await body(id), output)
      } catch let error as BerayError where ids.count > 1 {
        hasFailed = true
        context.note("beray-fs: task \(id): \(ErrorText.sentence(for: error, advice: ErrorAdvice(.tasks)))")
      }
    }
    if hasFailed { throw ExitCode(1) }
  }
}
