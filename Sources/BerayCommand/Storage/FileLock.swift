import Glibc
import LinuxSystem
import Synchronization
import SystemPackage

/// An exclusive flock(2), held until it is released or the last reference goes. The kernel drops it with the process,
/// however that ends.
final class FileLock: Sendable {
  private let descriptor: Mutex<Int32?>

  /// Waits for the lock of `path`, which is a directory or a file. A missing file is made.
  init(_ path: FilePath) throws(CommandError) {
    var file = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if file < 0, errno == EISDIR { file = open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard file >= 0 else { throw .system("lock \(path)", errno) }
    descriptor = Mutex(file)
    try CommandError.calling("lock \(path)") { () throws(Errno) in try retrying { flock(file, LOCK_EX) } }
  }

  deinit { release() }

  func release() {
    descriptor.withLock { descriptor in
      if let file = descriptor.take() { close(file) }
    }
  }

  /// Runs `body` while this process holds the lock.
  static func holding<Result>(
    _ path: FilePath, _ body: () throws(CommandError) -> Result
  ) throws(CommandError) -> Result {
    let lock = try FileLock(path)
    defer { lock.release() }
    return try body()
  }
}
