import Glibc
import LinuxSystem
import SystemPackage

/// Directories that only their owner can access.
enum PrivateDirectory {
  /// Makes `path` and the missing directories above it, with mode 0700.
  /// - Throws: ``CommandError`` if it cannot be made, is not a directory, belongs to another user, or is open to
  ///   others.
  static func make(_ path: FilePath) throws(CommandError) {
    try makeMissing(path)
    guard let status = FileStatus(of: path) else { throw .system("look at \(path)", errno) }
    guard status.isDirectory else {
      throw CommandError("\(path) is not a directory", advice: "move it away, then try again")
    }
    guard status.user == getuid() else {
      throw CommandError(
        "\(path) belongs to user \(status.user)",
        advice: "remove it, or use a data directory with a shorter path (XDG_DATA_HOME)")
    }
    guard status.permissions & 0o077 == 0 else {
      throw CommandError("\(path) is open to other users", advice: "run: chmod 700 '\(path)'")
    }
  }

  /// Like ``make(_:)``, for a directory that people may have made themselves. Closes the user's own directory to
  /// others.
  static func makeClosed(_ path: FilePath) throws(CommandError) {
    try makeMissing(path)
    if isOwned(path.string, by: getuid()) { chmod(path.string, 0o700) }
    try make(path)
  }

  /// Makes `path` and the missing directories above it, with mode 0700. Does not check directories that exist.
  static func makeMissing(_ path: FilePath) throws(CommandError) {
    try Directory.make(path) { place, code in
      var error = CommandError.system("make \(place)", code.rawValue)
      error.advice =
        "set HOME, or XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_STATE_HOME, to directories that you can write to"
      return error
    }
  }

  static func isOwned(_ path: String, by user: UInt32) -> Bool {
    guard let status = FileStatus(of: FilePath(path)) else { return false }
    return status.isDirectory && status.user == user
  }
}
