public import Logging

/// A client of a BeRay server: every operation of the API as an async method that throws ``BerayError``.
///
/// It is safe to use from many tasks at once. Each call has a deadline (``Timeouts``) and ends at once when its task is
/// cancelled. Idempotent requests are retried after a broken connection. A POST is retried only if it carries an
/// idempotency key.
public final class BerayClient: Sendable {
  /// The address of the server.
  public let address: ServerAddress
  /// How the client behaves.
  public let configuration: Configuration
  let calls: CallSender
  let knownCapabilities = SharedAnswer<Result<Capabilities, BerayError>>()

  /// - Parameters:
  ///   - address: the address of the server.
  ///   - credentials: supplies the token and stores the token of a login.
  ///   - configuration: deadlines, retries and other settings.
  ///   - transport: carries the requests; nil means HTTP.
  ///   - logger: receives failures, without secrets.
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

  /// Creates a client that keeps its token in memory.
  /// ```swift
  /// let client = try BerayClient(url: "unix:/run/user/1000/beray/socket")
  /// ```
  /// - Throws: ``BerayError/Code/invalidRequest`` if `url` is not a server address.
  public convenience init(url: String = "http://localhost:8000", token: String? = nil) throws(BerayError) {
    self.init(address: try ServerAddress(parsing: url), credentials: StaticCredentials(token: token))
  }

  /// Closes all connections. Make no call afterwards.
  /// ```swift
  /// await client.shutdown()
  /// ```
  public func shutdown() async {
    await calls.transport.shutdown()
  }

  /// The executor on which calls run, or nil for no preference. A task that makes many calls in a row saves thread
  /// switches by preferring it. Never block or compute for long on it.
  public var executor: (any TaskExecutor)? { calls.transport.executor }

  /// Counts of the requests, retries and failures so far.
  public var statistics: Statistics { calls.statistics }
}
