import ArgumentParser
import BerayAPI
import BerayClient
import BerayFS

/// `beray-fs task`.
struct TaskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task",
    abstract: "Create, watch and end tasks.",
    discussion: """
      EXAMPLE:
        id=$(beray-fs task create "Write a haiku about files")
        beray-fs task stream $id
        beray-fs task wait $id && beray-fs file list $id
      """,
    subcommands: [Create.self, List.self, Show.self, Stream.self, Wait.self, Stop.self, Delete.self])

  func run() throws { try CommandGroup.refuse(Self.self) }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Start a task; prints its id.",
      discussion: """
        EXAMPLE:
          beray-fs task create "Write a haiku about files"
          beray-fs task create "Mend the tests" --agent codex --from ~/src/project
          beray-fs task create - --tool search < goal.txt
          beray-fs task create "Ask the database" --tool '{"db": {"url": "http://h"}}'
        """)

    @Argument(help: "What is to be done; '-' reads it from standard input.")
    var goal: String

    @Option(
      name: .customLong("tool"),
      help: ArgumentHelp("A tool for the agent: a name, or a JSON object {name: {url}}. Repeatable.", valueName: "tool")
    )
    var tools: [String] = []

    @OptionGroup var wishes: TaskWishes
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
      let goal = goal == "-" ? try StandardInput.text() : goal
      guard goal.contains(where: { !$0.isWhitespace }) else {
        throw CommandError.badUse("the goal is empty", advice: "say what is to be done")
      }
      let tools = try tools.map(Self.tool)
      let connection = try await Connection.open(server, wantsKeys: true)
      let options = try await wishes.options(for: connection)
      let task = try await connection.client.createTask(
        goal: goal, tools: tools.isEmpty ? nil : tools, options: options)
      try Terminal.print(output.json ? task.raw.serialized() : task.id.description)
    }

    /// A word is a tool's name; what begins like a JSON object must be one.
    static func tool(_ text: String) throws(CommandError) -> JSON {
      guard text.hasPrefix("{") else { return .string(text) }
      do { return try JSON(parsing: Array(text.utf8)) } catch {
        throw .badUse("--tool '\(text)' is not JSON: \(error)", advice: "give a name or a JSON object")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List your tasks.",
      discussion: """
        EXAMPLE:
          beray-fs task list
          beray-fs task list --json | jq -r '.[] | select(.status == "RUNNING") | .id'
        """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
      let tasks = try await Connection.open(server).client.tasks()
      if output.json { return try Terminal.print(JSON.array(tasks.map(\.raw)).serialized()) }
      var table = Table("ID", "STATUS", "CREATED", "GOAL")
      for task in tasks {
        table.append(
          task.id.description, task.status.text, task.createdAt?.iso8601(fractionDigits: 0) ?? "-",
          GoalText.shortened(task.goal))
      }
      for line in table.lines { try Terminal.print(line) }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a task and its events.",
      discussion: """
        EXAMPLE:
          beray-fs task show 42
          beray-fs task show 42 --json | jq .events
        """)

    @OptionGroup var selection: TaskSelection
    @OptionGroup var output: JSONOption

    func run() async throws {
      let task = try await selection.connect().client.task(selection.id)
      if output.json { return try Terminal.print(task.raw.serialized()) }
      try Terminal.print("id:      \(task.id)")
      try Terminal.print("status:  \(ShownText.escaped(task.status.text))")
      if let time = task.createdAt { try Terminal.print("created: \(time.iso8601(fractionDigits: 0))") }
      if let time = task.updatedAt { try Terminal.print("updated: \(time.iso8601(fractionDigits: 0))") }
      try Terminal.print("goal:    \(ShownText.escaped(task.goal))")
      for event in task.events ?? [] { try Terminal.write(event.line(.text)) }
    }
  }

  struct Stream: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a task's events as they come, until it ends.",
      discussion: """
        EXAMPLE:
          beray-fs task stream 42
          beray-fs task stream 42 --json | jq -r 'select(.type == "output") | .text'
        """)

    @OptionGroup var selection: TaskSelection
    @OptionGroup var output: JSONOption

    func run() async throws {
      let connection = try await selection.connect()
      var lines = EventLines()
      let task = try await TaskFollower(client: connection.client, id: selection.id).follow { update in
        if output.json { return try Terminal.print(update.raw.serialized()) }
        for line in lines.of(update) { try Terminal.write(line) }
      }
      if !output.json, let line = lines.end(of: task) { try Terminal.write(line) }
    }
  }

  struct Wait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Wait until a task ends; prints its status, and succeeds only if it completed.",
      discussion: """
        EXAMPLE:
          beray-fs task wait 42 && echo well done
        """)

    @OptionGroup var selection: TaskSelection
    @OptionGroup var output: JSONOption

    func run() async throws {
      let connection = try await selection.connect()
      let task = try await TaskFollower(client: connection.client, id: selection.id).follow { _ in }
      try Terminal.print(output.json ? task.raw.serialized() : ShownText.escaped(task.status.text))
      if task.status.phase != .completed { throw ExitCode(1) }
    }
  }

  struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stop a task.",
      discussion: """
        EXAMPLE:
          beray-fs task stop 42
        """)

    @OptionGroup var selection: TaskSelection
    @OptionGroup var output: JSONOption

    func run() async throws {
      let answer = try await selection.connect().client.stopTask(selection.id)
      try Answer.show(answer, json: output.json)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a task with its files.",
      discussion: """
        A task that runs is stopped first.

        EXAMPLE:
          beray-fs task delete 42
        """)

    @OptionGroup var selection: TaskSelection
    @OptionGroup var output: JSONOption

    func run() async throws {
      let answer = try await selection.connect().client.deleteTask(selection.id)
      try Answer.show(answer, json: output.json)
    }
  }
}
