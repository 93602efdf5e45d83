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
