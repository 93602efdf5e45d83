import ArgumentParser
import BerayServer
import LinuxSystem
import Logging
import SystemPackage

/// `beray-fs serve`.
struct ServeCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run a BeRay server on this machine.",
    discussion: """
      It runs an agent command for each task, in the task's work directory. Mounts and commands without a named server \
      start one themselves, so 'serve' is for SDKs, other agents and other machines. All its users must trust each \
      other, because their agents run as you.

      EXAMPLE:
        beray-fs serve --agent shell
        beray-fs serve --port 0 --agent-command my-agent --model small

      AGENTS:
      \(AgentPreset.all.map { "  \($0.name.padded(to: 14))\($0.summary)" }.joined(separator: "\n"))
      """)

  @Flag(help: "End the server of the data directory, unless it works on a task.")
  var stop = false

  @Option(help: "The address to listen on; one that other machines reach needs TLS or --behind-proxy.")
  var host = "127.0.0.1"

  @Option(help: "The TCP port; 0 takes a free one and prints it.")
  var port = 8000

  @Option(help: ArgumentHelp("Where users, tasks and files are kept.", valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("How many tasks run at once, 16 by default; the others wait.", valueName: "n"))
  var maxTasks: Int?

  @OptionGroup var agent: AgentOptions

  @Option(
    help: ArgumentHelp(
      "A directory or the URL of a git repository that every task begins with, unless it names another.",
      valueName: "dir|url"))
  var from: String?

  @Option(help: ArgumentHelp("A certificate chain in PEM, for https.", valueName: "file"))
  var tlsCert: String?

  @Option(help: ArgumentHelp("The private key in PEM.", valueName: "file"))
  var tlsKey: String?

  @Flag(help: "A proxy in front of this server handles TLS.")
  var behindProxy = false

  @Flag(help: "Let others make accounts.")
  var allowRegister = false

  @Option(help: ArgumentHelp("Listen on this socket, and not on TCP.", visibility: .hidden))
  var socket: String?

  @Option(help: ArgumentHelp("End after so many idle seconds.", visibility: .hidden))
  var idleTimeout: Int?

  @Option(help: ArgumentHelp("Tell on this descriptor when it serves.", visibility: .hidden))
  var readyFd: Int32?

  @OptionGroup var logging: LogOptions

  func validate() throws {
    guard (0...65535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535") }
    if let maxTasks, maxTasks < 1 { throw ValidationError("--max-tasks takes a number from 1") }
    if (tlsCert == nil) != (tlsKey == nil) { throw ValidationError("--tls-cert and --tls-key go together") }
  }

  func run(in context: Context) async throws {
    if stop { return try await LocalServerStop(data: data, context: context).run() }
    try context.startLog(logging, .info)
    OpenFileLimit.raise()
    let ready = ReadySignal(descriptor: readyFd, in: context)
    do {
      try await ServedServer(command: self, ready: ready, context: context).run()
    } catch {
      ready.failed(ErrorText.sentence(for: error))
      throw error
    }
  }
}
