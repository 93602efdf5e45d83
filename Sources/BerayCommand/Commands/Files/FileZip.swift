import ArgumentParser
import Beray

/// `beray-fs file zip`.
struct FileZip: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "zip",
    abstract: "Get files of a task as one ZIP.",
    usage: "beray-fs file zip <task> [<path> ...] -o <file> [<options>]",
    discussion: """
      EXAMPLE:
        beray-fs file zip 42 -o 42.zip
        beray-fs file zip 42 src README.md -o - | bsdtar -xf -
      """)

  @OptionGroup var selection: TaskSelection

  @Argument(help: "Files and directories; by default everything.", completion: Completions.taskFiles)
  var paths: [String] = []

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The archive; '-' is standard output.", valueName: "file"),
    completion: .file())
  var output: String

  @OptionGroup var server: ServerOptions

  func run(in context: Context) async throws {
    guard output != "-" || !context.terminal.output.isTerminal else {
      throw CommandError.badUse("cannot write a ZIP to a terminal", advice: "use -o FILE")
    }
    let client = try await context.connection(server).client
    let id = try await selection.task.resolved(by: client)
    let content = try await client.archive(of: id, paths: paths.map(TaskFiles.normalized))
    let progress = Progress(output == "-" ? "zip" : output, total: content.size, on: context.terminal)
    defer { progress.end() }
    try await Download(content: content, progress: progress, terminal: context.terminal).write(to: output)
  }
}
