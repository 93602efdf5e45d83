import SystemPackage

#if canImport(Glibc)
import Glibc
#endif

/// Directories that hold a user's bytes outside the mount.
enum PrivateDirectory {
  /// Makes a directory (0700) and those above it, if they are missing.
  static func make(_ path: String) throws(Errno) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw Errno(rawValue: errno)
    }
    try make(String(path[..<slash]))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
  }
}
