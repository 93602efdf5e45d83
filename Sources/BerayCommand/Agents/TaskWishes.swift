import ArgumentParser
import BerayAPI
import BerayClient
import Glibc

/// What a new task may ask for beyond its goal and tools.
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
    help: ArgumentHelp("A file to begin with. Repeatable. Without a goal: the file that has it.", valueName: "file"),
    completion: .file())
  var files: [String] = []

  @Flag(help: "Leave out what .gitignore names.")
  var gitignore = false

  /// What to ask the server for.
  /// - Throws: ``CommandError`` where the server does not offer it.
  func options(for connection: Connection) async throws -> TaskOptions {
    let options = TaskOptions(
      agent: agent, from: from.map { WorkSourceText.absolute($0) }, files: files.map { AbsolutePath.of($0) },
      leavesIgnoredOut: gitignore)
    guard options != TaskOptions() else { return options }
    let capabilities = try await connection.client.capabilities()
    if agent != nil, !capabilities.contains(.taskAgents) {
      throw CommandError("\(connection.name) does not let a task name its agent", advice: "leave out --agent")
    }
    if options.asksForFiles, !capabilities.contains(.taskInputs) {
      throw CommandError(
        "\(connection.name) does not take inputs with a new task",
        advice: "leave out --from and --file, and upload them by 'beray-fs file put'")
    }
    return options
  }
}
