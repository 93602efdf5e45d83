import Beray
import SystemPackage
import VFS

/// A call that failed, as `.beray/errors` tells it.
struct Failure: Sendable {
  var time: Timestamp
  var operation: String
  var path: String
  var errno: Errno
  /// The HTTP status, where an answer came.
  var status: Int?
  var detail: String
  /// What the user can do.
  var advice: String
  var repetition: Repetition
}

/// What comes of doing the same again with nothing else changed.
enum Repetition: String, Sendable {
  case failsAgain = "will fail again"
  /// It may succeed, and does nothing twice.
  case isSafe = "safe to repeat"
  /// It may have been done: a creation whose answer was lost.
  case isUnknown = "look before you repeat"

  /// For what the file system itself refuses with `errno`.
  init(_ errno: Errno) {
    switch errno {
    // What was asked for is refused as such.
    case .notPermitted, .permissionDenied, .invalidArgument, .fileExists, .fileNameTooLong, .fileTooLarge,
      .illegalByteSequence, .noSuchFileOrDirectory, .notDirectory, .isDirectory, .directoryNotEmpty,
      .readOnlyFileSystem:
      self = .failsAgain
    // The present state prevents it: a running task, a full disk, a network that is away.
    default: self = .isSafe
    }
  }
}

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
