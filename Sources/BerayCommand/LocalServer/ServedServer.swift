import BerayServer
import Glibc
import LinuxSystem
import Logging
import Synchronization
import SystemPackage

/// A server that this process runs, from the options of the command to its end.
struct ServedServer {
  let command: ServeCommand
  let ready: ReadySignal

  /// Serves until SIGINT or SIGTERM, or until it has been idle for as long as it was told.
  func run() async throws {
    let environment = Environment.current()
    let paths = try Paths(environment: environment)
    let data = FilePath(command.data.map { AbsolutePath.of($0) } ?? paths.data.string)
    if let status = FileStatus(behind: data), !status.isDirectory {
      throw CommandError.badUse("--data \(data) is not a directory", advice: "name one, or one that is to be made")
    }
    let user = try UserConfiguration(reading: paths.configurationFile)
    let configuration = try settings(paths, data: data, user)
    let lock = try await takePlace(paths, data: data)
    let signals = try Signals.caught([SIGINT, SIGTERM, SIGHUP])
    let (command, ready) = (command, ready)
    let record = AgentRecord(try agent(user, data: data), configuration: user)
    let server = BerayServer(configuration) { addresses in
      Self.announce(
        addresses, data: configuration.dataDirectory, isQuiet: command.socket != nil,
        isSecure: command.tlsCert != nil)
      // Somebody said which agent works here: the next server of this directory has it too.
      if command.agent.isGiven { try? record.write(data: data) }
      lock?.release()
      ready.ready()
    }
    let serving = Task { try await server.run() }
    let listener = Task {
      // SIGHUP is a terminal that went away: what runs in the background stays, what stood in it ends.
      for await signal in signals where signal != SIGHUP || command.socket == nil {
        ready.stopping()
        serving.cancel()
      }
    }
    defer { listener.cancel() }
    do { try await serving.value } catch is CancellationError {}
  }

  /// Ends the local server that was started by itself, where it has nothing to do, and keeps others from starting it until this one answers.
  /// - Returns: the lock that does so; nil if this is the server that was started by itself, whose starter holds it.
  private func takePlace(_ paths: Paths, data: FilePath) async throws(CommandError) -> FileLock? {
    guard command.socket == nil else { return nil }
    try paths.makeSocketDirectory(data: data)
    try PrivateDirectory.makeMissing(paths.state)
    let lock = try FileLock(paths.serverLock(data: data))
    if let running = LocalServerProcess(at: paths.serverSocket(data: data)) {
      let state = await LocalServerState.current(paths: paths, data: data)
      try running.giveWay(unfinishedTasks: state.unfinished)
      Terminal.note("takes the place of the local server that was started by itself")
    }
    return lock
  }

  /// What the options say, else what is remembered for the data directory, else what config.json says.
  private func agent(_ user: UserConfiguration, data: FilePath) throws(CommandError) -> AgentChoice {
    let environment = Environment.current()
    var paths = try Paths(environment: environment)
    paths.data = data
    return try AgentOptions.choice(command.agent, paths: paths, configuration: user, environment: environment)
  }

  /// What the server is told to be.
  func settings(_ paths: Paths, data: FilePath, _ user: UserConfiguration) throws(CommandError) -> ServerConfiguration {
    let agent = try agent(user, data: data)
    var settings = ServerConfiguration(
      dataDirectory: data.string, agent: try agent.resolved(path: Environment.current()["PATH"]),
      logger: Logger(label: "server"))
    settings.agentNamed = { [access = agent.access] name in
      guard let preset = AgentPreset.named(name) else { return nil }
      return preset.command(access) ?? preset.command()
    }
    settings.adoptsOrphans = true
    settings.source = (command.from ?? user.from).map { WorkSourceText.absolute($0) }
    // The one before it may still answer requests for 5 s, and end its agents for 10 s.
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
      // Mounts and commands of this user find their server here.
      settings.unixSocket = paths.serverSocket(data: data).string
    }
    if let maxTasks = command.maxTasks { settings.maximumTasks = maxTasks }
    settings.agentEnvironment = agent.environment
    settings.idleTimeout = command.idleTimeout.map { .seconds($0) }
    settings.version = Version.number
    return settings
  }

  /// Tells people where it is; the url alone is the result, for scripts that asked for port 0.
  private static func announce(_ addresses: BoundAddresses, data: String, isQuiet: Bool, isSecure: Bool) {
    guard !isQuiet, let host = addresses.host, let port = addresses.port else { return }
    let url = "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    try? Terminal.print(url)
    Terminal.note("data:  \(data)")
    Terminal.note("token: \(data)/token")
    Terminal.note("Ctrl-C ends it")
  }
}
