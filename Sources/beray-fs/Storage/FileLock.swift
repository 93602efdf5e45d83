import Glibc
import SystemPackage

/// An exclusive flock(2), held until the value ends. The kernel drops it with the process, however that ends.
struct FileLock: ~Copyable {
  private let descriptor: Int32

  /// Waits until the lock of `path`, a file that is made where it is missing, or a directory, is free.
  init(waitingFor path: FilePath) throws(CommandError) {
    descriptor = try Self.openLock(path)
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        let code = errno
        close(descriptor)
        throw .system("lock \(path)", code)
      }
    }
  }

  deinit { close(descriptor) }

  private static func openLock(_ path: FilePath) throws(CommandError) -> Int32 {
    var descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor < 0, errno == EISDIR { descriptor = open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .system("lock \(path)", errno) }
    return descriptor
  }
}
