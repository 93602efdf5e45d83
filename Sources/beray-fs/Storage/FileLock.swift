import Glibc
import SystemPackage

/// An exclusive flock(2). The kernel drops it with the process, however that ends.
enum FileLock {
  /// Runs `body` while no other process holds the lock of `path`: a file that is made where it is missing, or a directory.
  static func holding<Result>(
    _ path: FilePath, _ body: () throws(CommandError) -> Result
  ) throws(CommandError) -> Result {
    let descriptor = try locked(path)
    defer { close(descriptor) }
    return try body()
  }

  private static func locked(_ path: FilePath) throws(CommandError) -> Int32 {
    var descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor < 0, errno == EISDIR { descriptor = open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .system("lock \(path)", errno) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        let code = errno
        close(descriptor)
        throw .system("lock \(path)", code)
      }
    }
    return descriptor
  }
}
