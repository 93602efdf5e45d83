public import BerayAPI

/// Why a call failed.
///
/// The first five codes are the classes of the Python SDK: `AuthenticationError`, `NotFoundError`, `ConflictError`,
/// `UnprocessableEntityError`, and `APIError` for every other status. The others are failures in which no answer came.
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
    /// The connection broke before the answer was whole.
    case connectionLost
    /// The deadline passed.
    case timedOut
    /// This process, or its machine, has as many files open as it may: there can be no connection.
    case tooManyOpenFiles
    /// The task that made the call was cancelled.
    case cancelled
    /// TLS failed: an unknown issuer, a wrong name.
    case secureConnectionFailed
    /// The answer was not what the API promises, such as a body that is no JSON.
    case invalidResponse
    /// The answer is larger than what is read at once: 256 MiB, or some million values.
    case answerTooLarge
    /// The call was not made, because it would have been wrong: a bad URL, a token over plain HTTP to another machine.
    case invalidRequest
  }

  public var code: Code
  /// The HTTP status, where an answer came.
  public var status: Int?
  /// What the server said, or what went wrong, in one line without control characters.
  public var detail: String
  /// The server's `detail` as it came: a string, or with 422 a list of objects.
  public var rawDetail: JSON?
  /// Seconds to wait before the next try, where the server told (`Retry-After`, RFC 9110 §10.2.3).
  public var retryAfter: Int?
  /// What was asked, such as `GET tasks/7`.
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
