import Beray
import Fuse

/// The exit statuses of a failed mount. A script can use them to decide what to do.
enum MountExit {
  /// FUSE refused.
  static let fuse: Int32 = 3
  /// The server gave no answer.
  static let server: Int32 = 4
  /// The server wants a login.
  static let login: Int32 = 5

  static func status(for error: any Error) -> Int32 {
    switch error {
    case is MountError: fuse
    case let error as BerayError where error.code == .authentication: login
    case let error as BerayError where error.isUnreachable: server
    default: ErrorText.status(for: error)
    }
  }
}
