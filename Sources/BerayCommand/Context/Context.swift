import Beray
import BerayAPI
import BerayServer
import LinuxSystem
import Logging
import SystemPackage

/// A command's access to the outside world. Tests replace it.
struct Context: Sendable {
  var terminal: Terminal
  var input: StandardInput
  var environment: [String: String]
  var now: @Sendable () -> UTCTime
  var pause: @Sendable (Duration) async throws -> Void
  /// Opens the connection that the options name.
  var connect: @Sendable (ServerOptions, ConnectionWishes, Context) async throws -> Connection
  /// A client of the local server at a socket, with the token in its data directory. It starts no server.
  var localClient: @Sendable (_ socket: FilePath, _ data: FilePath) throws -> BerayClient
  /// Starts the log of this process as the options say.
  var startLog: @Sendable (LogOptions, Logger.Level) throws -> Void

  /// The environment, terminal and clock of this process.
  static let process: Context = {
    let environment = ProcessEnvironment.current()
    let terminal = Terminal.ofProcess(environment: environment)
    return Context(
      terminal: terminal, input: .process, environment: environment, now: { .now() },
      pause: { try await Task.sleep(for: $0) },
      connect: { options, wishes, context in
        try await Connection.open(options, wishes, logger: Logger(label: "client"), in: context)
      },
      localClient: { socket, data in
        var settings = BerayClient.Configuration()
        settings.timeouts = Timeouts(metadata: .seconds(2))
        return BerayClient(
          address: try ServerAddress(parsing: "unix:\(socket)"),
          credentials: StaticCredentials(token: try? LocalToken.read(dataDirectory: data.string)),
          configuration: settings, logger: Logger(label: "client"))
      },
      startLog: { options, level in try options.start(level: level, terminal: terminal) })
  }()

  func paths() throws(CommandError) -> Paths { try Paths(environment: environment) }

  func configuration() throws(CommandError) -> UserConfiguration {
    try UserConfiguration(reading: paths().configurationFile)
  }

  /// Starts the log, and opens the connection that the options name.
  func connection(_ options: ServerOptions, wantsKeys: Bool = false) async throws -> Connection {
    try startLog(options.logging, .warning)
    return try await connect(options, ConnectionWishes(wantsKeys: wantsKeys), self)
  }

  /// Prints in the form that the options ask for.
  func renderer(_ output: JSONOption) -> Renderer {
    Renderer(format: output.format, terminal: terminal, now: now())
  }

  func show(_ payload: some Payload, _ output: JSONOption) throws(OutputClosed) {
    try renderer(output).show(payload)
  }

  func answer(_ answer: JSON, _ output: JSONOption) throws(OutputClosed) {
    try renderer(output).answer(answer)
  }

  /// Prints a message to standard error that is not part of the result.
  func note(_ line: String) { terminal.note(line) }

  /// Prints such a message if the form of the result has notes.
  func note(_ line: String, beside output: JSONOption) {
    if output.format.hasNotes { note(line) }
  }
}
