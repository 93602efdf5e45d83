import Glibc
import LinuxSystem
import Synchronization
import SystemPackage

/// A log file that any number of processes append to.
///
/// When the file reaches ``limit`` bytes, it is renamed to `NAME.1`, replacing an older one, and a new file begins. If
/// another program renames it, as logrotate(8) does, the next line goes to a new file too.
final class LogFile: Sendable {
  static let limit: Int64 = 8 << 20

  private let path: FilePath
  private let limit: Int64
  private let descriptor: Mutex<Int32>

  /// Opens `path`. Makes a missing file with mode 0600, and missing directories above it.
  init(_ path: FilePath, limit: Int64 = LogFile.limit) throws(CommandError) {
    self.path = path
    self.limit = limit
    descriptor = Mutex(try FileLogHandler.open(path))
  }

  deinit { descriptor.withLock { _ = close($0) } }

  func append(_ line: [UInt8]) {
    descriptor.withLock { descriptor in
      renewIfNeeded(&descriptor)
      // One write(2) in append mode: lines of two processes do not mix.
      _ = write(descriptor, line, line.count)
    }
  }

  private func renewIfNeeded(_ descriptor: inout Int32) {
    guard let own = FileStatus(of: descriptor), own.isRegularFile else { return }
    let found = FileStatus(behind: path)
    if let found, found.isSame(as: own) {
      guard own.size >= limit, rename(path.string, path.string + ".1") == 0 else { return }
    }
    guard let renewed = try? FileLogHandler.open(path) else { return }
    // The runtime writes its last message before a crash to the standard streams, so they must follow the log.
    for stream in [STDOUT_FILENO, STDERR_FILENO] {
      if let status = FileStatus(of: stream), status.isSame(as: own) { dup2(renewed, stream) }
    }
    close(descriptor)
    descriptor = renewed
  }
}
