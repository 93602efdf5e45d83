import BerayAPI
import BerayClient
import Logging
import SystemPackage

/// A server, and the client that talks to it in the user's name.
struct Connection: Sendable {
  let client: BerayClient
  let credentials: UserCredentials
  /// What the user knows the server by: its url, or `the local server`.
  let name: String
  let isLocal: Bool
  private let store: CredentialStore
  private let environment: [String: String]

  /// Chooses the server by the flag, the environment and the configuration, and starts the local one where it is that and does not run.
  /// - Parameters:
  ///   - agent: a preset for the local server, if it is started now.
  ///   - timeouts: the deadlines of every call.
  ///   - startsServer: whether the local server is started; a mount that may begin offline leaves that to its first request.
  static func open(
    _ options: ServerOptions, agent: String? = nil, timeouts: Timeouts = Timeouts(), startsServer: Bool = true,
    logger: Logger? = nil
  ) async throws -> Connection {
    if logger == nil { try options.logging.start() }
    let logger = logger ?? Logger(label: "beray-fs")
    let environment = Environment.current()
    let paths = try Paths(environment: environment)
    let configuration = try UserConfiguration(reading: paths.configurationFile)
    let choice = ServerChoice(flag: options.url, environment: environment, configuration: configuration)
    var settings = BerayClient.Configuration()
    settings.timeouts = timeouts
    settings.allowInsecureHTTP = options.insecureHttp
    let address: ServerAddress
    let key: String
    switch choice {
    case .url(let url):
      guard agent == nil else {
        throw CommandError.badUse(
          "--agent is for the local server, and this is \(url)", advice: "leave one of the two out")
      }
      address = try ServerAddress(parsing: url)
      key = address.description
    case .local:
      let server = LocalServer(
        paths: paths, environment: environment, agent: agent ?? configuration.agent,
        insistsOnAgent: agent != nil, agentCommand: agent == nil ? configuration.agentCommand : nil)
      if startsServer { try await server.start() }
      settings.onConnectionRefused = { try await server.start() }
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
      store: store, environment: environment, key: key)
  }

  private let key: String

  private init(
    client: BerayClient, credentials: UserCredentials, name: String, isLocal: Bool, store: CredentialStore,
    environment: [String: String], key: String
  ) {
    self.client = client
    self.credentials = credentials
    self.name = name
    self.isLocal = isLocal
    self.store = store
    self.environment = environment
    self.key = key
  }

  /// The address to log in with: the one given, of the environment, of the last login, or what the user types.
  func email(given: String?) throws(CommandError) -> String {
    if let email = given ?? environment["BERAY_EMAIL"] { return email }
    if let email = try store.entry(for: key)?.email { return email }
    return try Password.ask("Email", hidden: false)
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
