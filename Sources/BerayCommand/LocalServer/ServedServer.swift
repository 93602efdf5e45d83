import BerayServer
import Glibc
import LinuxSystem
import Logging
import Synchronization
import SystemPackage

/// Runs a server in this process, with the options of `beray-fs serve`.
struct ServedServer {
  let command: ServeCommand
  let ready: ReadySignal
  let context: Context

  /// Serves until a signal or the idle timeout ends it.
  func run() async throws {
    let paths = try context.paths()
    let data = FilePath(command.data.map { AbsolutePath.of($0) } ?? paths.data.string)
    if let status = FileStatus(behind: data), !status.isDirectory {
      throw CommandError.badUse("--data \(data) is not a directory", advice: "name one, or one that is to be made")
    }
    let user = try context.configuration()
    let configuration = try settings(paths, data: data, user)
    let lock = try await takePlace(paths, data: data)
    let signals = try Signals.caught([SIGINT, SIGTERM, SIGHUP])
    let (command, ready, context) = (command, ready, context)
    let record = AgentRecord(try agent(user, data: data), configuration: user)
    let server = BerayServer(configuration) { addresses in
      Self.announce(
        addresses, data: configuration.dataDirectory, isQuiet: command.socket != nil,
        isSecure: command.tlsCert != nil, context)
      // Remember an agent that the user chose for the next server of this directory.
      if command.agent.isGiven { try? record.write(data: data) }
      lock?.release()
      ready.ready()
    }
    let serving = Task { try await server.run() }
    let listener = Task {
      // SIGHUP means that the terminal went away. It ends a server in the foreground, but not one in the background.
      for await signal in signals where signal != SIGHUP || command.socket == nil {
        ready.stopping()
        serving.cancel()
      }
    }
    defer { listener.cancel() }
    do { try await serving.value } catch is CancellationError {}
  }

  /// Ends an idle local server that was started on demand. Keeps others from starting one until this server answers.
  /// - Returns: the server's lock; nil if this server was started on demand, because then its starter holds the lock.
  private func takePlace(_ paths: Paths, data: FilePath) async throws(CommandError) -> FileLock? {
    guard command.socket == nil else { return nil }
    try paths.makeSocketDirectory(data: data)
    try PrivateDirectory.makeMissing(paths.state)
    let lock = try FileLock(paths.serverLock(data: data))
    if let running = LocalServerProcess(at: paths.serverSocket(data: data)) {
      let state = await LocalServerState.current(paths: paths, data: data, in: context)
      try running.giveWay(unfinishedTasks: state.unfinished)
      context.note("takes the place of the local server that was started by itself")
    }
    return lock
  }

  /// Chooses the agent from the options, then from the data directory's record, then from `config.json`.
  private func agent(_ user: UserConfiguration, data: FilePath) throws(CommandError) -> AgentChoice {
    var paths = try context.paths()
    paths.data = data
    return try AgentOptions.choice(
      command.agent, paths: paths, configuration: user, environment: context.environment)
  }

  /// The server's configuration, from the options of the command.
  func settings(_ paths: Paths, data: FilePath, _ user: UserConfiguration) throws(CommandError) -> ServerConfiguration {
    let agent = try agent(user, data: data)
    var settings = ServerConfiguration(
      dataDirectory: data.string, agent: try agent.resolved(path: context.environment["PATH"]),
      logger: Logger(label: "server"))
    settings.agentNamed = { [access = agent.access] name in
      guard let preset = AgentPreset.named(name) else { return nil }
      return preset.command(access) ?? preset.command()
    }
    settings.adoptsOrphans = true
    settings.source = (command.from ?? user.from).map { WorkSourceText.absolute($0) }
    // The previous server may take 5 s to answer requests and 10 s to end its agents.
    settings.lockWait = .seconds(30)
    if let socket = command.socket {
      settings.unixSocket = socket
    } else {
      var tcp = ServerConfiguration.TCP(host: command.host, port: command.port)
      tcp.certificatePath = command.tlsCert
      tcp.privateKeyPath = command.tlsKey
      tcp.isBehindProxy = command.behindProxy
      tcp.allowsRegistration = command.allowRegister
      settings.tcp = tcp
      // The user's mounts and commands look for the server here.
      settings.unixSocket = paths.serverSocket(data: data).string
    }
    if let maxTasks = command.maxTasks { settings.maximumTasks = maxTasks }
    settings.environment = context.environment
    settings.agentEnvironment = agent.environment
    settings.idleTimeout = command.idleTimeout.map { .seconds($0) }
    settings.version = Version.number
    return settings
  }

  /// Prints where the server is. Only the URL goes to standard output, for scripts that asked for port 0.
  private static func announce(
    _ addresses: BoundAddresses, data: String, isQuiet: Bool, isSecure: Bool, _ context: Context
  ) {
    guard !isQuiet, let host = addresses.host, let port = addresses.port else { return }
    let url = "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    try? context.terminal.print(url)
    context.note("data:  \(data)")
    context.note("token: \(data)/token")
    context.note("Ctrl-C ends it")
  }
}
