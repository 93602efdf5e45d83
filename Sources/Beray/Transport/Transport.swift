public import HTTPTypes

extension BerayClient {
  /// What carries requests to the server, as a seam: ``HTTPTransport`` ships, tests put failing ones in its place.
  ///
  /// A transport sends each request once, follows no redirect, and knows no deadlines but that of connecting. It gives up
  /// at once when the task that waits for it is cancelled.
  public protocol Transport: Sendable {
    /// Sends a request; returns when the head of the answer has come, whatever its status.
    func execute(_ request: TransportRequest) async throws(BerayError) -> TransportResponse
    /// Closes what is open. No request follows.
    func shutdown() async
    /// Where calls run best; nil: anywhere.
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
    /// A stream of so many bytes.
    case stream(ByteStream, length: Int64)
  }

  /// In capitals.
  public var method: String
  /// The path and query, from the server's root.
  public var target: String
  public var headers: HTTPFields
  public var body: Body
  /// What errors name, such as `GET tasks/7`.
  public var operation: String

  public init(method: String, target: String, headers: HTTPFields = [:], body: Body = .none, operation: String) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
    self.operation = operation
  }
}

/// The answer that a ``BerayClient/Transport`` brought.
public struct TransportResponse: Sendable {
  public var status: Int
  public var headers: HTTPFields
  /// The body as it arrives; the next piece is asked for when the last one was taken. Dropping it ends the transfer.
  public var body: ByteStream

  public init(status: Int, headers: HTTPFields = [:], body: ByteStream = ByteStream([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
