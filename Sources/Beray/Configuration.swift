extension BerayClient {
  /// How a client behaves.
  public struct Configuration: Sendable {
    public var timeouts = Timeouts()
    /// How often a request that may be repeated (GET, PUT of a whole file, DELETE) is sent again after a connection
    /// error, 502, 503 or 504.
    public var retries = 3
    /// Whether a token may be sent over plain HTTP to another machine.
    public var allowInsecureHTTP = false
    /// The path of a file with certificates in PEM, whose owners may vouch for a server beside those that the system
    /// trusts. If it cannot be read, every call fails with ``BerayError/Code/invalidRequest``.
    public var certificateAuthorities: String?
    /// Called once in a call whose connection was refused, or whose socket was not there; then the request is sent
    /// again, whatever its method, since nothing reached a server. The owner makes sure that calls at the same time
    /// start one server.
    public var onConnectionRefused: (@Sendable () async throws -> Void)?
    /// What `User-Agent` says.
    public var userAgent = "beray-swift"

    /// Waits between retries.
    package var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// The time by which retries and the standstill of uploads are counted.
    package var now: @Sendable () -> ContinuousClock.Instant = { .now }

    /// How long an error that the server answered in the place of what it offers stands for the answer.
    package var capabilitiesFailureLifetime = Duration.seconds(10)

    public init() {}
  }
}
