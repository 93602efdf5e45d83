import ArgumentParser
import Beray
import BerayAPI
import BerayFS

/// `beray-fs task show`.
struct TaskShow: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a task and its events.",
    usage: "beray-fs task show <task> [<options>]",
    discussion: """
      EXAMPLE:
        beray-fs task show 42
        beray-fs task show last --json | jq .events
      """)

  @OptionGroup var selection: TaskSelection
  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let client = try await context.connection(server).client
    let task = try await client.task(selection.task.resolved(by: client))
    try context.show(TaskCard(task: task), output)
  }
}

/// A task in full.
struct TaskCard: Payload {
  let task: BerayTask

  var json: JSON { task.raw }

  func lines(on page: Page) -> [String] {
    var lines = ["id:      \(task.id)"]
    lines.append("status:  \(page.styled(ShownText.escaped(task.status.text), Style(task.status)))")
    if let time = task.createdAt { lines.append("created: \(time.iso8601(fractionDigits: 0))") }
    if let time = task.updatedAt { lines.append("updated: \(time.iso8601(fractionDigits: 0))") }
    if let seconds = task.duration(now: page.now) { lines.append("took:    \(TimeText.span(seconds: seconds))") }
    lines.append("goal:    \(ShownText.escaped(task.goal))")
    return lines + (task.events ?? []).map { String(decoding: $0.line(.text).dropLast(), as: UTF8.self) }
  }
}
