public import Logging

/// What a local server is told to be.
public struct ServerConfiguration: Sendable {
  /// Where it keeps everything; made if it is missing. One server at a time uses it.
  public var dataDirectory: String
  /// How long it waits for another server that still ends to let go of the directory; none for an error at once.
  public var lockWait: Duration = .zero
  /// A socket that only its owner reaches; its directory is made, 0700, if it is missing.
  public var unixSocket: String?
  public var tcp: TCP?
  public var agent: AgentCommand
  /// Gives the agent of another name that a task may ask for; nil if there is none.
  public var agentNamed: @Sendable (String) -> AgentCommand? = { AgentPreset.named($0)?.command() }
  /// A directory or the URL of a git repository that every task begins with, unless it names another.
  public var source: String?
  /// Whether orphans of agents become children of this process, which then waits for every child that it does not know:
  /// only for a process that does nothing else than to serve.
  public var adoptsOrphans = false
  /// Agents at work at once; the other tasks wait.
  public var maximumTasks: Int = standardMaximumTasks
  /// A dozen side by side is an ordinary day: most wait for their model.
  public static let standardMaximumTasks = 16
  /// Variables that agents get besides PATH, HOME and the locale. None that begins with `BERAY_` is passed.
  public var agentEnvironment: [String] = []
  /// How long an agent may take to end by itself once it was asked to.
  public var stopGrace: Duration = .seconds(10)
  /// After how long without a request and without a task the server ends; nil for never.
  public var idleTimeout: Duration?
  /// Connections over TCP at once; more wait to be accepted.
  public var maximumConnections: Int = 1024
  /// How long a TCP client may leave a request unfinished, and a connection unused. It is longer than clients keep
  /// unused connections, so that they and not the server end them, and no request meets an end that is under way.
  public var connectionTimeout: Duration = .seconds(60)
  /// Bytes that one upload may have.
  public var maximumUpload: Int64 = 1 << 40
  /// What the server says of itself.
  public var version: String = "0.1.0"
  public var logger: Logger

  /// A TCP listener.
  public struct TCP: Sendable {
    public var host: String
    /// 0 for one that the system chooses.
    public var port: Int
    /// PEM files; both or none.
    public var certificatePath: String?
    public var privateKeyPath: String?
    /// Whether a proxy stands before it that does TLS and checks Host.
    public var isBehindProxy: Bool = false
    /// Whether anyone may register. On loopback everyone may, unless a proxy brings others there.
    public var allowsRegistration: Bool = false

    var isOpenToRegistration: Bool { allowsRegistration || isLoopback && !isBehindProxy }

    public init(host: String = "127.0.0.1", port: Int = 8000) {
      self.host = host
      self.port = port
    }

    /// Whether it talks TLS.
    var isSecure: Bool { certificatePath != nil }

    /// Whether nobody on another machine can connect.
    public var isLoopback: Bool {
      host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }
  }

  public init(dataDirectory: String, agent: AgentCommand, logger: Logger) {
    self.dataDirectory = dataDirectory
    self.agent = agent
    self.logger = logger
  }

  /// - Throws: ``ServerError`` if the server would be open to others without protection.
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
  /// The host that it was told, and the port that it has.
  public var host: String?
  public var port: Int?
}
