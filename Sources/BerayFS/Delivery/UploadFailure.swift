import Beray
import SystemPackage

/// Why the bytes of a file are not on the server.
struct UploadFailure: Error {
  var errno: Errno
  var text: String
  /// Whether trying again may help.
  var isTransient: Bool
  /// Seconds that the server asked to wait.
  var retryAfter: Int?
  /// How much of the buffer the upload carried, by the count of its changes.
  var changes: UInt64
  /// Whether somebody else changed the file meanwhile, so that it is not retried automatically.
  var isConflict = false
  /// Whether a new login is what would help.
  var isLogin = false
  /// Whether the server may have it all the same.
  var mayHaveArrived = false
}

extension UploadFailure {
  init(_ error: BerayError, errno: Errno, changes: UInt64) {
    let isLogin = error.code == .authentication && error.status != 403
    let isTransient =
      switch error.code {
      case .connectionRefused, .hostUnreachable, .secureConnectionFailed, .connectionLost, .timedOut, .cancelled,
        .tooManyOpenFiles:
        true
      case .authentication: isLogin
      case .api: error.status == 429 || (error.status ?? 0) >= 500
      default: false
      }
    let mayHaveArrived =
      switch error.code {
      case .connectionLost, .timedOut, .cancelled: true
      case .api: (error.status ?? 0) >= 500
      default: false
      }
    self.init(
      errno: errno, text: error.reason, isTransient: isTransient, retryAfter: error.retryAfter, changes: changes,
      isLogin: isLogin, mayHaveArrived: mayHaveArrived)
  }
}
