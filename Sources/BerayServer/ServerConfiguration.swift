public import Logging

/// The settings of a server.
public struct ServerConfiguration: Sendable {
  /// The directory for all data of the server, created if it is missing. Only one server can use it at a time.
  public var dataDirectory: String
  /// How long to wait for another server that is shutting down to release the directory. Zero fails at once.
  public var lockWait: Duration = .zero
  /// The path of a socket that only its owner can use. Its directory is created with mode 0700 if it is missing.
  public var unixSocket: String?
  public var tcp: TCP?
  public var agent: AgentCommand
  /// Returns the agent that a task asks for by name; nil if there is none.
  public var agentNamed: @Sendable (String) -> AgentCommand? = { AgentPreset.named($0)?.command() }
  /// A directory, or the URL of a git repository, that every task starts from unless it names another source.
  public var source: String?
  /// Whether this process adopts the orphans of agents. It then reaps every child that it does not know, so enable this
  /// only in a process that does nothing but serve.
  public var adoptsOrphans = false
  /// How many agents run at once. Further tasks wait.
  public var maximumTasks: Int = standardMaximumTasks
  /// Enough for a dozen tasks side by side, which is common: most agents only wait for their model.
  public static let standardMaximumTasks = 16
  /// The environment that agents get their variables from.
  public var environment: [String: String] = [:]
  /// Variables that agents get in addition to PATH, HOME and the locale. Names that begin with `BERAY_` are ignored.
  public var agentEnvironment: [String] = []
  /// How long an agent may take to end after it was asked to, before it is killed.
  public var stopGrace: Duration = .seconds(10)
  /// The server ends after this time without a request or a task; nil for never.
  public var idleTimeout: Duration?
  /// How many TCP connections are open at once. Further ones wait to be accepted.
  public var maximumConnections: Int = 1024
  /// How long a TCP client may leave a request unfinished or a connection idle. Clients usually close idle connections
  /// earlier. If the server closed first, it could close a connection just as the next request arrives.
  public var connectionTimeout: Duration = .seconds(60)
  /// The largest upload, in bytes.
  public var maximumUpload: Int64 = 1 << 40
  /// The version that the server reports.
  public var version: String = "0.1.0"
  public var logger: Logger

  /// A TCP listener.
  public struct TCP: Sendable {
    public var host: String
    /// 0 for a port that the system chooses.
    public var port: Int
    /// The path of a PEM file. Set this and ``privateKeyPath``, or neither.
    public var certificatePath: String?
    public var privateKeyPath: String?
    /// Whether a proxy in front of the server handles TLS and checks Host.
    public var isBehindProxy: Bool = false
    /// Whether anyone may register. On loopback anyone may in any case, unless there is a proxy that lets others in.
    public var allowsRegistration: Bool = false

    var isOpenToRegistration: Bool { allowsRegistration || isLoopback && !isBehindProxy }

    public init(host: String = "127.0.0.1", port: Int = 8000) {
      self.host = host
      self.port = port
    }

    /// Whether it uses TLS.
    var isSecure: Bool { certificatePath != nil }

    /// Whether only clients on this machine can connect.
    public var isLoopback: Bool {
      host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }
  }

  public init(dataDirectory: String, agent: AgentCommand, logger: Logger) {
    self.dataDirectory = dataDirectory
    self.agent = agent
    self.logger = logger
  }

  /// - Throws: ``ServerError`` if there is no listener, the TLS files are incomplete, or other machines could connect
  ///   without protection.
  func check() throws(ServerError) {
    guard unixSocket != nil || tcp != nil else { throw .noListener }
    guard let tcp else { return }
    guard (tcp.certificatePath == nil) == (tcp.privateKeyPath == nil) else { throw .incompleteTLS }
    guard tcp.isLoopback || tcp.certificatePath != nil || tcp.isBehindProxy else { throw .unprotected(host: tcp.host) }
  }
}

/// Where a server listens.
public struct BoundAddresses: Hashable, Sendable {
  public var unixSocket: String?
  /// The configured host. ``port`` is the actual port.
  public var host: String?
  public var port: Int?
}
