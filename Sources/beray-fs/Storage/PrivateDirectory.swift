import Glibc
import SystemPackage

/// Directories that belong to one user and that nobody else can look into.
enum PrivateDirectory {
  /// Makes `path` with mode 0700, and what is missing above it.
  /// - Throws: ``CommandError`` where it cannot be made, is no directory, belongs to another user, or is open to others.
  static func make(_ path: FilePath) throws(CommandError) {
    try makeMissing(path)
    var status = stat()
    guard lstat(path.string, &status) == 0 else { throw .system("look at \(path)", errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw CommandError("\(path) is not a directory", advice: "move it away, then try again")
    }
    guard status.st_uid == getuid() else {
      throw CommandError(
        "\(path) belongs to user \(status.st_uid)",
        advice: "set XDG_RUNTIME_DIR to a directory of your own")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw CommandError("\(path) is open to other users", advice: "run: chmod 700 '\(path)'")
    }
  }

  /// Makes `path` and what is missing above it, with mode 0700, and checks nothing of what is there.
  static func makeMissing(_ path: FilePath) throws(CommandError) {
    if mkdir(path.string, 0o700) == 0 { return }
    switch errno {
    case EEXIST: return
    case ENOENT where path.components.count > 1:
      try makeMissing(path.removingLastComponent())
      guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else { throw .system("make \(path)", errno) }
    default: throw .system("make \(path)", errno)
    }
  }

  static func isOwned(_ path: String, by user: UInt32) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == user
  }
}
