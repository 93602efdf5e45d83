import Glibc
import SystemPackage

/// A file beside its later name, under a name that nobody can guess.
struct PartFile {
  let descriptor: Int32
  private let path: FilePath

  init(of target: FilePath) throws(Errno) {
    let name = ".\(target.lastComponent?.string ?? "file").XXXXXX"
    var template = Array(target.removingLastComponent().appending(name).string.utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    path = FilePath(platformString: template)
  }

  /// Puts it in the place of `target`, with the mode that this had, or that a new file gets.
  func take(_ target: FilePath, mode: mode_t?) throws(Errno) {
    guard chmod(path.string, mode ?? Self.newFileMode) == 0, rename(path.string, target.string) == 0 else {
      throw Errno(rawValue: errno)
    }
  }

  func remove() { unlink(path.string) }

  private static var newFileMode: mode_t {
    let mask = umask(0o077)
    umask(mask)
    return 0o666 & ~mask
  }
}
