import Beray
import BerayAPI
import Logging
import SystemPackage

/// What a command wants of a connection, beyond the options of the server.
struct ConnectionWishes {
  /// The agent options of the command line.
  var agent: AgentOptions?
  /// Whether the local server should have the agent's keys from this process.
  var wantsKeys = false
  /// The deadlines of every call.
  var timeouts = Timeouts()
}

/// A server, and the client that uses the user's credentials there.
struct Connection: Sendable {
  let client: BerayClient
  let credentials: UserCredentials
  /// The name shown to users: the URL, or `the local server`.
  let name: String
  let isLocal: Bool
  private let store: CredentialStore
  /// The server's key in the credential store and the configuration.
  let key: String

  /// Chooses the server by the flag, the environment and the configuration. Starts the local server if it is chosen and
  /// does not run.
  static func open(
    _ options: ServerOptions, _ wishes: ConnectionWishes, logger: Logger, in context: Context
  ) async throws -> Connection {
    let agent = wishes.agent
    let environment = context.environment
    let paths = try context.paths()
    let configuration = try context.configuration()
    let choice = ServerChoice(flag: options.url, environment: environment, configuration: configuration)
    var settings = BerayClient.Configuration()
    settings.timeouts = wishes.timeouts
    settings.allowInsecureHTTP = options.insecureHttp
    settings.certificateAuthorities = try options.authorities(environment, configuration)
    let address: ServerAddress
    let key: String
    switch choice {
    case .url(let url):
      guard agent?.isGiven != true else {
        throw CommandError.badUse(
          "--agent and its options are for the local server, and this is \(url)",
          advice: "leave one of the two out")
      }
      do { address = try ServerAddress(parsing: url) } catch { throw CommandError.badUse(error.detail) }
      key = address.description
    case .local:
      let server = LocalServer(
        paths: paths, context: context,
        agent: try AgentOptions.choice(agent, paths: paths, configuration: configuration, environment: environment),
        configuration: configuration, demand: agent?.isGiven == true ? .agent : wishes.wantsKeys ? .keys : .none)
      try await server.start()
      settings.onConnectionRefused = Self.reviving(server)
      address = try ServerAddress(parsing: "unix:\(paths.serverSocket)")
      key = "local"
    }
    let store = CredentialStore(path: paths.credentialsFile)
    let source = try TokenSource(
      tokenFile: options.tokenFile, environment: environment, store: store, server: key,
      localData: choice == .local ? paths.data : nil)
    let credentials = UserCredentials(source: source) { [settings] email, password in
      let client = BerayClient(
        address: address, credentials: StaticCredentials(), configuration: settings, logger: logger)
      return try await client.login(email: email, password: password)
    }
    return Connection(
      client: BerayClient(address: address, credentials: credentials, configuration: settings, logger: logger),
      credentials: credentials, name: choice == .local ? "the local server" : key, isLocal: choice == .local,
      store: store, key: key)
  }

  /// Starts `server` again when it is gone. Calls that notice this together share one start. Accepts any agent, because
  /// another mount may have changed it meanwhile.
  private static func reviving(_ server: LocalServer) -> @Sendable () async throws -> Void {
    var server = server
    server.demand = .none
    let start = SharedAnswer<Void>()
    return { [server] in
      try await start.value(operation: "start") { () async throws(BerayError) in
        do throws(CommandError) { try await server.start() } catch {
          throw BerayError(.connectionRefused, detail: ErrorText.sentence(for: error), operation: "start")
        }
        return .init((), keptFor: .zero)
      }
    }
  }

  init(
    client: BerayClient, credentials: UserCredentials, name: String, isLocal: Bool, store: CredentialStore,
    key: String
  ) {
    self.client = client
    self.credentials = credentials
    self.name = name
    self.isLocal = isLocal
    self.store = store
    self.key = key
  }

  /// Whether there is a token. Logs in with `BERAY_PASSWORD_FILE` if necessary.
  func hasToken() async -> Bool {
    if await credentials.token() != nil { return true }
    return await credentials.renewedToken(rejecting: nil) != nil
  }

  /// The address to log in with: the given one, `BERAY_EMAIL`, that of the last login, or the one that the user types.
  func email(given: String?, in context: Context) throws(CommandError) -> String {
    if let email = given ?? context.environment["BERAY_EMAIL"] { return email }
    if let email = try store.entry(for: key)?.email { return email }
    return try context.terminal.ask("Email", false)
  }

  func keep(_ session: Session, email: String) throws(CommandError) {
    try store.keep(.init(email: session.user?.email ?? email, token: session.accessToken), for: key)
  }

  func forget() throws(CommandError) {
    try store.keep(nil, for: key)
  }

  var noToken: CommandError {
    CommandError("not logged in to \(name)", advice: "run 'beray-fs login --url \(key)'")
  }
}
