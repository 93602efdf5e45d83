public import BerayAPI

/// Why a call failed.
///
/// The first five codes are the classes of the Python SDK: `AuthenticationError`, `NotFoundError`, `ConflictError`,
/// `UnprocessableEntityError`, and `APIError` for every other status. The others have no counterpart there: no answer
/// came, or its body could not be used.
public struct BerayError: Error, Hashable, Sendable {
  public enum Code: Hashable, Sendable {
    /// 401 or 403.
    case authentication
    /// 404.
    case notFound
    /// 409.
    case conflict
    /// 422.
    case unprocessableEntity
    /// Any other status that is not 2xx.
    case api
    /// The server's machine refused the connection, or its socket is not there.
    case connectionRefused
    /// No route, or no such host.
    case hostUnreachable
    /// The connection broke before the answer was complete.
    case connectionLost
    /// The deadline passed.
    case timedOut
    /// No connection could be opened: the process or the machine has reached its limit of open files.
    case tooManyOpenFiles
    /// The task that made the call was cancelled.
    case cancelled
    /// TLS failed, for example because of an unknown issuer or a wrong host name.
    case secureConnectionFailed
    /// The answer breaks the API's contract, for example with a body that is not JSON.
    case invalidResponse
    /// The answer exceeds what the client reads into memory: 256 MiB, or some million JSON values.
    case answerTooLarge
    /// The request was not sent because it is invalid or unsafe: a bad URL, or a token over plain HTTP to another
    /// machine.
    case invalidRequest
  }

  public var code: Code
  /// The HTTP status; nil if no answer came.
  public var status: Int?
  /// The server's message, or a description of the failure: one line without control characters.
  public var detail: String
  /// The server's `detail` as received: a string, or a list of objects with 422.
  public var rawDetail: JSON?
  /// Seconds to wait before the next try, if the server sent `Retry-After` (RFC 9110 §10.2.3).
  public var retryAfter: Int?
  /// The operation that failed, such as `GET tasks/7`.
  public var operation: String

  public init(
    _ code: Code, status: Int? = nil, detail: String, rawDetail: JSON? = nil, retryAfter: Int? = nil,
    operation: String
  ) {
    self.code = code
    self.status = status
    self.detail = detail
    self.rawDetail = rawDetail
    self.retryAfter = retryAfter
    self.operation = operation
  }
}
