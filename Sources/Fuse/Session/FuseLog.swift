import CFuse
import Glibc
import Logging
import Synchronization

/// Redirects libfuse's messages from standard error to a logger. libfuse has one log for the whole process.
enum FuseLog {
  private struct State {
    var logger: Logger?
    var lines: [String] = []
  }

  private static let state = Mutex(State())

  /// Sends further messages to `logger`, and clears the collected lines.
  static func redirect(to logger: Logger) {
    state.withLock { state in
      state.logger = logger
      state.lines = []
    }
    fuse_set_log_func(onLogLine)
  }

  /// The last lines since ``redirect(to:)``, at most eight. libfuse reports the reason for a failed mount only here.
  static var recentLines: [String] { state.withLock { $0.lines } }

  fileprivate static func add(_ line: String, level: Int32) {
    let logger = state.withLock { state in
      state.lines = state.lines.suffix(7) + [line]
      return state.logger
    }
    // The levels are those of syslog(3).
    let level: Logger.Level =
      switch level {
      case ...2: .critical
      case 3: .error
      case 4: .warning
      case 5: .notice
      case 6: .info
      default: .debug
      }
    logger?.log(level: level, "libfuse: \(line)")
  }
}

private func onLogLine(
  _ level: fuse_log_level, _ format: UnsafePointer<CChar>?, _ arguments: CVaListPointer?
) {
  guard let format, let arguments else { return }
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
    vsnprintf(buffer.baseAddress!, buffer.count, format, arguments)
    let line = String(cString: buffer.baseAddress!)
    for line in line.split(separator: "\n") { FuseLog.add(String(line), level: Int32(level.rawValue)) }
  }
}
