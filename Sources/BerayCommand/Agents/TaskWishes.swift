import ArgumentParser
import Beray
import BerayAPI
import Glibc

/// Options of a new task, beyond its goal and tools.
struct TaskWishes: ParsableArguments {
  @Option(
    help: ArgumentHelp("The agent that works on it; 'beray-fs agents' lists them.", valueName: "preset"),
    completion: Completions.presets)
  var agent: String?

  @Option(
    help: ArgumentHelp(
      "What its files begin with: a copy of a directory, or a clone of a git repository on the branch beray/ID.",
      valueName: "dir|url"))
  var from: String?

  @Option(
    name: .customLong("file"),
    help: ArgumentHelp("A file to begin with. Repeatable. Without a goal, it holds the goal.", valueName: "file"),
    completion: .file())
  var files: [String] = []

  @Flag(help: "Leave out what .gitignore names.")
  var gitignore = false

  /// Adds these options to `request`.
  /// - Throws: ``CommandError`` if the server does not support one of them.
  func add(to request: inout TaskRequest, for connection: Connection) async throws {
    request.agent = agent
    request.from = from.map { WorkSourceText.absolute($0) }
    request.files = files.map { AbsolutePath.of($0) }
    request.leavesIgnoredOut = gitignore
    guard request != TaskRequest(goal: request.goal, tools: request.tools) else { return }
    let capabilities = try await connection.client.capabilities()
    if agent != nil, !capabilities.contains(.choosesAgent) {
      throw CommandError("\(connection.name) does not let a task name its agent", advice: "leave out --agent")
    }
    if from != nil || !files.isEmpty, !capabilities.contains(.startsFrom) {
      throw CommandError(
        "\(connection.name) does not take inputs with a new task",
        advice: "leave out --from and --file, and upload them by 'beray-fs file put'")
    }
  }
}
