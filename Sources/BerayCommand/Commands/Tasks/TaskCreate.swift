import ArgumentParser
import Beray
import BerayAPI
import SystemPackage

/// `beray-fs task create`.
struct TaskCreate: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Start a task; prints its id.",
    usage: "beray-fs task create (<goal> | --file <file>) [<options>]",
    discussion: """
      EXAMPLE:
        beray-fs task create "Write a haiku about files"
        beray-fs task create "Mend the tests" --agent codex --from ~/src/project
        beray-fs task create --file goal.txt --follow
        beray-fs task create - --tool search < goal.txt
        beray-fs task create "Ask the database" --tool '{"db": {"url": "http://h"}}'

      With --follow or --wait the exit status is that of 'task wait'.
      """)

  @Argument(help: "What is to be done; '-' reads it from standard input.")
  var goal: String?

  @Option(
    name: .customLong("tool"),
    help: ArgumentHelp("A tool for the agent: a name, or a JSON object {name: {url}}. Repeatable.", valueName: "tool"))
  var tools: [String] = []

  @Flag(help: "Print the events of the task until it ends.")
  var follow = false

  @Flag(help: "Wait until the task ends, and print its status.")
  var wait = false

  @Flag(name: [.customShort("q"), .long], help: "Print nothing but the id.")
  var quiet = false

  @OptionGroup var wishes: TaskWishes
  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func validate() throws {
    guard goal != nil || wishes.files.count == 1 else {
      throw ValidationError("give a goal, or --file FILE that has it")
    }
    if follow, wait || quiet { throw ValidationError("--follow prints events: leave out --wait and --quiet") }
  }

  func run(in context: Context) async throws {
    let goal = try goalText(context)
    guard goal.contains(where: { !$0.isWhitespace }) else {
      throw CommandError.badUse("the goal is empty", advice: "say what is to be done")
    }
    let tools = try tools.map(Self.tool)
    let connection = try await context.connection(server, wantsKeys: true)
    var wishes = wishes
    if self.goal == nil { wishes.files = [] }
    var request = TaskRequest(goal: goal, tools: tools.isEmpty ? nil : tools)
    try await wishes.add(to: &request, for: connection)
    let task = try await connection.client.createTask(request)
    if follow {
      context.note("task \(task.id); it runs on after Ctrl-C")
      let end = try await TaskEventPrinter(id: task.id, connection: connection, output: output).run(in: context)
      return try EndOfTasks([end]).exit()
    }
    guard wait else {
      try context.show(CreatedTask(task: task), output)
      if !quiet, context.terminal.output.isTerminal {
        context.note("follow it: \(ErrorAdvice(url: server.url).command("task stream \(task.id)"))", beside: output)
      }
      return
    }
    try context.renderer(output).each(BegunTask(id: task.id))
    let end = try await context.follow(task.id, connection) { _ in }
    try context.show(AwaitedTask(task: end, isQuiet: quiet), output)
    try EndOfTasks([end]).exit()
  }

  private func goalText(_ context: Context) throws(CommandError) -> String {
    if let goal, goal != "-" { return goal }
    guard goal == nil, let file = wishes.files.first, file != "-" else { return try context.input.text() }
    guard let bytes = try PrivateFile.readShared(FilePath(file)) else {
      throw .badUse("\(file) is not there", advice: "check the path")
    }
    guard var text = String(validating: bytes, as: UTF8.self) else {
      throw .badUse("\(file) is not UTF-8", advice: "give a file of text")
    }
    if text.hasSuffix("\n") { text.removeLast() }
    return text
  }

  /// Parses a tool: a JSON object if the text starts with `{`, otherwise a name.
  static func tool(_ text: String) throws(CommandError) -> JSON {
    guard text.hasPrefix("{") else { return .string(text) }
    do { return try JSON(parsing: Array(text.utf8)) } catch {
      throw .badUse("--tool '\(text)' is not JSON: \(error)", advice: "give a name or a JSON object")
    }
  }
}

/// A task that was just created. Its text is the id alone, for scripts.
struct CreatedTask: Payload {
  let task: BerayTask

  var json: JSON { task.raw }
  func lines(on page: Page) -> [String] { [task.id.description] }
}

/// A task that is waited for. Its JSON comes with its end.
private struct BegunTask: PayloadSeries {
  let id: TaskID

  var items: [JSON] { [] }
  func lines(on page: Page) -> [String] { [id.description] }
}

/// The end of a task that was waited for.
private struct AwaitedTask: Payload {
  let task: BerayTask
  /// Whether its id is all that people want.
  let isQuiet: Bool

  var json: JSON { task.raw }
  func lines(on page: Page) -> [String] { isQuiet ? [] : [ShownText.escaped(task.status.text)] }
}
