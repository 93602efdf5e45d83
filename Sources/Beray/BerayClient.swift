public import Logging

/// A client of a BeRay server: every operation of the API as an async method that throws ``BerayError``.
///
/// It is safe to use from many tasks at once. Each call has a deadline (``Timeouts``), and ends at once when the task
/// that makes it is cancelled. What can be repeated is repeated after a broken connection; POST never is.
public final class BerayClient: Sendable {
  /// The server that it calls.
  public let address: ServerAddress
  public let configuration: Configuration
  let calls: CallSender
  let knownCapabilities = SharedAnswer<Result<Capabilities, BerayError>>()

  /// - Parameters:
  ///   - address: of the server.
  ///   - credentials: where the token comes from, and where a login puts it.
  ///   - configuration: deadlines, and what else is set.
  ///   - transport: HTTP where nil.
  ///   - logger: where failures are logged, without secrets.
  public init(
    address: ServerAddress, credentials: any CredentialProvider, configuration: Configuration = Configuration(),
    transport: (any Transport)? = nil, logger: Logger = Logger(label: "beray-client")
  ) {
    self.address = address
    self.configuration = configuration
    calls = CallSender(
      address: address, credentials: credentials, configuration: configuration,
      transport: transport
        ?? HTTPTransport(
          address: address, connect: configuration.timeouts.connect, authorities: configuration.certificateAuthorities),
      logger: logger)
  }

  /// A client that keeps its token in memory.
  /// ```swift
  /// let client = try BerayClient(url: "unix:/run/user/1000/beray/socket")
  /// ```
  /// - Throws: ``BerayError/Code/invalidRequest`` if `url` is none.
  public convenience init(url: String = "http://localhost:8000", token: String? = nil) throws(BerayError) {
    self.init(address: try ServerAddress(parsing: url), credentials: StaticCredentials(token: token))
  }

  /// Closes its connections. No call follows.
  /// ```swift
  /// await client.shutdown()
  /// ```
  public func shutdown() async {
    await calls.transport.shutdown()
  }

  /// Where its calls run: tasks that make many calls, one after the other, prefer it too and save changes of threads. What blocks or computes long
  /// must not run there. Nil: anywhere.
  public var executor: (any TaskExecutor)? { calls.transport.executor }

  /// What it has done so far.
  public var statistics: Statistics { calls.statistics }
}
