import Glibc
import LinuxSystem
import SystemPackage

/// Small files that hold secrets: mode 0600, replaced as a whole.
enum PrivateFile {
  /// The bytes of `path`; nil if there is no such file.
  /// - Throws: ``CommandError`` if others can read it, or it cannot be read.
  static func read(_ path: FilePath) throws(CommandError) -> [UInt8]? {
    guard let file = try open(path) else { return nil }
    guard let status = FileStatus(of: file.rawValue) else { throw .system("look at \(path)", errno) }
    try checkSecret(status, path)
    return try readAll(file, path)
  }

  /// The bytes of `path`, even if others can read it; nil if there is no such file.
  static func readShared(_ path: FilePath) throws(CommandError) -> [UInt8]? {
    guard let file = try open(path) else { return nil }
    return try readAll(file, path)
  }

  private static func open(_ path: FilePath) throws(CommandError) -> OwnedDescriptor? {
    do throws(Errno) {
      return try OwnedDescriptor.open(path: path.string, flags: O_RDONLY)
    } catch {
      if error == .noSuchFileOrDirectory || error == .notDirectory { return nil }
      throw .system("read \(path)", error.rawValue)
    }
  }

  private static func readAll(_ file: OwnedDescriptor, _ path: FilePath) throws(CommandError) -> [UInt8] {
    let limit = 16 << 20
    let bytes = try CommandError.calling("read \(path)") { () throws(Errno) in try file.readAll(limit: limit + 1) }
    guard bytes.count <= limit else { throw CommandError("\(path) is too large", advice: "check what it is") }
    return bytes
  }

  /// - Throws: ``CommandError`` if others can read the file, or it is a directory.
  private static func checkSecret(_ status: FileStatus, _ path: FilePath) throws(CommandError) {
    guard !status.isDirectory else {
      throw CommandError("\(path) is a directory", advice: "name the file that holds the secret")
    }
    // Devices and pipes do not store a secret, so their mode does not matter.
    guard status.isRegularFile, status.permissions & 0o077 != 0 else { return }
    let isOwn = status.user == geteuid()
    throw CommandError(
      "\(path) can be read by other users, and it holds a secret",
      advice: isOwn
        ? "run: chmod 600 '\(path)'" : "it belongs to user \(status.user): use a copy that only you can read")
  }

  /// Replaces `path` with a file of mode 0600. Readers see the old or the new content, even after a power failure.
  static func replace(_ path: FilePath, with bytes: [UInt8]) throws(CommandError) {
    try CommandError.calling("write \(path)") { () throws(Errno) in try WholeFile.replace(path, with: bytes) }
  }
}
