internal import BerayAPI

extension BerayError: CustomStringConvertible {
  /// One line for people: the operation, what went wrong, and the status if there is one.
  public var description: String {
    "\(operation): \(detail.isEmpty ? meaning : detail)\(status.map { " (HTTP \($0))" } ?? "")"
  }

  /// What went wrong, in the server's words if it sent any.
  package var reason: String {
    detail.isEmpty ? "\(meaning)\(status.map { " (HTTP \($0))" } ?? "")" : detail
  }

  private var meaning: String {
    switch code {
    case .authentication:
      status == 403 ? "this is not allowed" : "the credentials are missing or no longer valid: log in"
    case .notFound: "it was not found on the server"
    case .conflict: "this conflicts with what is on the server"
    case .unprocessableEntity: "the server does not take this request"
    case .api: "the server answered with an error"
    case .connectionRefused: "no server answers there"
    case .hostUnreachable: "the server's machine cannot be reached"
    case .connectionLost: "the connection broke"
    case .timedOut: "the server did not answer in time"
    case .tooManyOpenFiles: "too many files are open"
    case .cancelled: "cancelled"
    case .secureConnectionFailed: "no secure connection could be made"
    case .invalidResponse: "the server's answer cannot be understood"
    case .answerTooLarge: "the server's answer is too large"
    case .invalidRequest: "this cannot be sent"
    }
  }

  /// Whether a retry can help. It does not say whether the request is safe to repeat.
  public var isTransient: Bool {
    switch code {
    case .connectionRefused, .hostUnreachable, .connectionLost, .tooManyOpenFiles: true
    case .api: status == 502 || status == 503 || status == 504
    default: false
    }
  }
}
