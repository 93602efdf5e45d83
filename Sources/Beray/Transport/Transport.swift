public import HTTPTypes

extension BerayClient {
  /// Carries requests to the server. ``HTTPTransport`` is the default; tests substitute failing ones.
  ///
  /// A transport sends each request once and follows no redirects. Its only deadline is the one for connecting. It
  /// gives up at once when the waiting task is cancelled.
  public protocol Transport: Sendable {
    /// Sends a request and returns once the head of the answer has arrived, whatever its status.
    func execute(_ request: TransportRequest) async throws(BerayError) -> TransportResponse
    /// Closes all connections. No request follows.
    func shutdown() async
    /// The executor on which calls should run; nil means no preference.
    var executor: (any TaskExecutor)? { get }
  }
}

extension BerayClient.Transport {
  public var executor: (any TaskExecutor)? { nil }
}

/// A request as a ``BerayClient/Transport`` sends it.
public struct TransportRequest: Sendable {
  public enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// A stream of exactly `length` bytes.
    case stream(ByteStream, length: Int64)
  }

  /// The HTTP method in capitals.
  public var method: String
  /// The path and query, from the server's root.
  public var target: String
  public var headers: HTTPFields
  public var body: Body
  /// The name in error messages, such as `GET tasks/7`.
  public var operation: String

  public init(method: String, target: String, headers: HTTPFields = [:], body: Body = .none, operation: String) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
    self.operation = operation
  }
}

/// An answer from a ``BerayClient/Transport``.
public struct TransportResponse: Sendable {
  public var status: Int
  public var headers: HTTPFields
  /// The body as it arrives. The next piece is requested when the last one was taken. Releasing the body ends the
  /// transfer.
  public var body: ByteStream

  public init(status: Int, headers: HTTPFields = [:], body: ByteStream = ByteStream([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
