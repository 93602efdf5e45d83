import Beray

extension BerayError {
  /// What the user can do about it.
  package var advice: String {
    switch code {
    case .authentication:
      status == 403 ? "ask the server's owner for access" : "run 'beray-fs login'; a live mount takes the new token"
    case .notFound: "it may have been deleted elsewhere; run 'ls' again"
    case .conflict: "look at what is there, then decide"
    case .unprocessableEntity: "correct the request; the server says what is wrong"
    case .api:
      switch status {
      case 413: "make the file smaller, or raise the server's limit"
      case 414: "use shorter names, or fewer directories"
      case 429: "wait\(retryAfter.map { " \($0) s" } ?? ""), then try again"
      case 507: "free space on the server"
      case let status? where status >= 500: "see the server's log; try again later"
      default: "correct the request; the server says what is wrong"
      }
    case .connectionRefused: "start the server, or check --url"
    case .hostUnreachable: "check the network and --url"
    case .connectionLost, .timedOut: "check the network and the server, then try again"
    case .tooManyOpenFiles: "close files or end programs, or raise the limit of the mount's process ('ulimit -n')"
    case .cancelled: "nothing: it was interrupted"
    case .secureConnectionFailed: "check the server's certificate and the machine's clock"
    case .invalidResponse: "check that --url names a BeRay server"
    case .answerTooLarge: "read a long log with 'beray-fs task stream ID'; split a directory of too many names"
    case .invalidRequest: "correct the request"
    }
  }

  /// What repeating the failed operation would do.
  /// - Parameter isCreation: whether it makes a task, which a server that has lost its answer may have done.
  func repetition(isCreation: Bool) -> Repetition {
    switch code {
    case .authentication, .notFound, .unprocessableEntity, .invalidRequest, .secureConnectionFailed, .answerTooLarge:
      .failsAgain
    case .conflict, .connectionRefused, .hostUnreachable, .cancelled, .tooManyOpenFiles: .isSafe
    case .timedOut, .connectionLost, .invalidResponse: isCreation ? .isUnknown : .isSafe
    case .api:
      switch status {
      case 408?, 412?, 425?, 429?, 507?: .isSafe
      case let status? where status >= 500: isCreation ? .isUnknown : .isSafe
      default: .failsAgain
      }
    }
  }
}
