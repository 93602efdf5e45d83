extension BerayClient {
  /// How a client behaves.
  public struct Configuration: Sendable {
    /// The deadlines of calls.
    public var timeouts = Timeouts()
    /// How often an idempotent request is sent again after a connection error, 502, 503 or 504. GET, PUT, DELETE and
    /// requests with an idempotency key are idempotent.
    public var retries = 3
    /// Whether a token may be sent over plain HTTP to another machine.
    public var allowInsecureHTTP = false
    /// The path of a PEM file with certificate authorities to trust in addition to the system's. If it cannot be read,
    /// every call fails with ``BerayError/Code/invalidRequest``.
    public var certificateAuthorities: String?
    /// Called at most once per call when the connection is refused or the socket is missing, for example to start a
    /// server. The request is then sent again, whatever its method, because nothing reached a server. Concurrent calls
    /// may call it at the same time.
    public var onConnectionRefused: (@Sendable () async throws -> Void)?
    /// The value of the `User-Agent` header.
    public var userAgent = "beray-swift"

    /// Waits between retries.
    package var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// The clock for retry deadlines and stalled uploads.
    package var now: @Sendable () -> ContinuousClock.Instant = { .now }

    /// How long an error answer to the request for capabilities is kept before the client asks again.
    package var capabilitiesFailureLifetime = Duration.seconds(10)

    public init() {}
  }
}
