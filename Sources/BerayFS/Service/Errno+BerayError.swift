import Beray
import SystemPackage

extension Errno {
  /// The errno that tells a program most about `error`.
  /// - Parameter creating: whether something was to be made, so that a conflict means that it exists.
  init(_ error: BerayError, creating: Bool = false) {
    switch error.code {
    case .authentication: self = .permissionDenied
    case .notFound: self = .noSuchFileOrDirectory
    case .conflict: self = creating ? .fileExists : .resourceBusy
    case .unprocessableEntity, .invalidRequest: self = .invalidArgument
    case .api:
      switch error.status {
      case 400: self = .invalidArgument
      case 412: self = .resourceBusy
      case 413: self = .fileTooLarge
      case 414: self = .fileNameTooLong
      case 429: self = .resourceTemporarilyUnavailable
      case 507: self = .noSpace
      default: self = .ioError
      }
    case .connectionRefused: self = .connectionRefused
    case .hostUnreachable: self = .noRouteToHost
    case .timedOut: self = .timedOut
    case .tooManyOpenFiles: self = .tooManyOpenFiles
    case .cancelled: self = .interrupted
    // The connection broke, TLS failed, or the answer made no sense. A program could do nothing with the difference.
    case .connectionLost, .secureConnectionFailed, .invalidResponse: self = .ioError
    case .answerTooLarge: self = .fileTooLarge
    }
  }
}
