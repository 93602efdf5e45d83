package import Logging

/// The settings of a server.
package struct ServerConfiguration: Sendable {
  /// The directory for all data of the server, created if it is missing. Only one server can use it at a time.
  package var dataDirectory: String
  /// How long to wait for another server that is shutting down to release the directory. Zero fails at once.
  package var lockWait: Duration = .zero
  /// The path of a socket that only its owner can use. Its directory is created with mode 0700 if it is missing.
  package var unixSocket: String?
  package var tcp: TCP?
  package var agent: AgentCommand
  /// Returns the agent that a task asks for by name; nil if there is none.
  package var agentNamed: @Sendable (String) -> AgentCommand? = { AgentPreset.named($0)?.command() }
  /// A directory, or the URL of a git repository, that every task starts from unless it names another source.
  package var source: String?
  /// Whether this process adopts the orphans of agents. It then reaps every child that it does not know, so enable this
  /// only in a process that does nothing but serve.
  package var adoptsOrphans = false
  /// How many agents run at once. Further tasks wait.
  package var maximumTasks: Int = standardMaximumTasks
  /// Enough for a dozen tasks side by side, which is common: most agents only wait for their model.
  package static let standardMaximumTasks = 16
  /// The environment that agents get their variables from.
  package var environment: [String: String] = [:]
  /// Variables that agents get in addition to PATH, HOME and the locale. Names that begin with `BERAY_` are ignored.
  package var agentEnvironment: [String] = []
  /// How long an agent may take to end after it was asked to, before it is killed.
  package var stopGrace: Duration = .seconds(10)
  /// The server ends after this time without a request or a task; nil for never.
  package var idleTimeout: Duration?
  /// How many TCP connections are open at once. Further ones wait to be accepted.
  package var maximumConnections: Int = 1024
  /// How long a TCP client may leave a request unfinished or a connection idle. Clients usually close idle connections
  /// earlier. If the server closed first, it could close a connection just as the next request arrives.
  package var connectionTimeout: Duration = .seconds(60)
  /// The largest upload, in bytes.
  package var maximumUpload: Int64 = 1 << 40
  /// The version that the server reports.
  package var version: String = "0.1.0"
  package var logger: Logger

  /// A TCP listener.
  package struct TCP: Sendable {
    package var host: String
    /// 0 for a port that the system chooses.
    package var port: Int
    /// The path of a PEM file. Set this and ``privateKeyPath``, or neither.
    package var certificatePath: String?
    package var privateKeyPath: String?
    /// Whether a proxy in front of the server handles TLS and checks Host.
    package var isBehindProxy: Bool = false
    /// Whether anyone may register. On loopback anyone may in any case, unless there is a proxy that lets others in.
    package var allowsRegistration: Bool = false

    var isOpenToRegistration: Bool { allowsRegistration || isLoopback && !isBehindProxy }

    package init(host: String = "127.0.0.1", port: Int = 8000) {
      self.host = host
      self.port = port
    }

    /// Whether it uses TLS.
    var isSecure: Bool { certificatePath != nil }

    /// Whether only clients on this machine can connect.
    package var isLoopback: Bool {
      host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }
  }

  package init(dataDirectory: String, agent: AgentCommand, logger: Logger) {
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
package struct BoundAddresses: Hashable, Sendable {
  package var unixSocket: String?
  /// The configured host. ``port`` is the actual port.
  package var host: String?
  package var port: Int?
}
