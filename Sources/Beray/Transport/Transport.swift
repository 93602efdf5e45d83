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
  /// No preference.
  public var executor: (any TaskExecutor)? { nil }
}

/// A request as a ``BerayClient/Transport`` sends it.
public struct TransportRequest: Sendable {
  /// The body of a request.
  public enum Body: Sendable {
    case none
    /// Bytes in memory.
    case bytes([UInt8])
    /// A stream of exactly `length` bytes.
    case stream(ByteStream, length: Int64)
  }

  /// The HTTP method in capitals.
  public var method: String
  /// The path and query, from the server's root.
  public var target: String
  /// The header fields, without `Host` and the length of the body.
  public var headers: HTTPFields
  /// What is sent behind the head.
  public var body: Body
  /// The name in error messages, such as `GET tasks/7`.
  public var operation: String

  /// Makes a request.
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
  /// The status code, such as 200.
  public var status: Int
  /// The header fields of the answer.
  public var headers: HTTPFields
  /// The body as it arrives. The next piece is requested when the last one was taken. Releasing the body ends the
  /// transfer.
  public var body: ByteStream

  /// Makes an answer, for a transport of one's own.
  public init(status: Int, headers: HTTPFields = [:], body: ByteStream = ByteStream([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
