import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// The last failures of a mount, for `.beray/errors`.
final class FailureLog: Sendable {
  static let capacity = 100

  private struct State {
    var lines: [String] = []
    var modified: Timestamp
  }

  private let state: Mutex<State>

  init(time: TimeSource) {
    state = Mutex(State(modified: time.now()))
  }

  func append(_ failure: Failure) {
    let line = failure.line
    state.withLock { state in
      if state.lines.count == Self.capacity { state.lines.removeFirst() }
      state.lines.append(line)
      state.modified = failure.time
    }
  }

  /// All lines, newest last, and when the newest came.
  var text: (text: String, modified: Timestamp) {
    state.withLock { ($0.lines.joined(), $0.modified) }
  }
}

extension Failure {
  /// One line: time, operation, path, errno, HTTP status, detail, advice, whether a retry is safe; separated by tabs.
  var line: String {
    [
      UTCTime(time).iso8601(fractionDigits: 3), operation, ShownText.escaped(path), errno.symbol,
      status.map(String.init) ?? "-", Self.clipped(ShownText.escaped(detail)), advice,
      isRetrySafe ? "retry is safe" : "look before you retry",
    ].joined(separator: "\t") + "\n"
  }

  /// Some servers answer with a whole page, and a hundred of those stay in memory.
  private static func clipped(_ text: String) -> String {
    text.unicodeScalars.count > 500 ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(500))) + "…" : text
  }
}

extension Errno {
  /// The name of the C constant where it is one that this file system gives, else the number.
  var symbol: String {
    switch self {
    case .permissionDenied: "EACCES"
    case .notPermitted: "EPERM"
    case .noSuchFileOrDirectory: "ENOENT"
    case .fileExists: "EEXIST"
    case .resourceBusy: "EBUSY"
    case .invalidArgument: "EINVAL"
    case .fileTooLarge: "EFBIG"
    case .illegalByteSequence: "EILSEQ"
    case .resourceTemporarilyUnavailable: "EAGAIN"
    case .noSpace: "ENOSPC"
    case .fileNameTooLong: "ENAMETOOLONG"
    case .tooManyOpenFiles: "EMFILE"
    case .tooManyOpenFilesInSystem: "ENFILE"
    case .timedOut: "ETIMEDOUT"
    case .connectionRefused: "ECONNREFUSED"
    case .noRouteToHost: "EHOSTUNREACH"
    case .interrupted: "EINTR"
    case .ioError: "EIO"
    case .directoryNotEmpty: "ENOTEMPTY"
    case .staleNFSFileHandle: "ESTALE"
    case .readOnlyFileSystem: "EROFS"
    default: "errno \(rawValue)"
    }
  }
}
