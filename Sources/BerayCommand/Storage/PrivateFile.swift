import Glibc
import SystemPackage

/// Small files that hold secrets: mode 0600, replaced as a whole.
enum PrivateFile {
  /// The bytes of `path`; nil where there is no such file.
  /// - Throws: ``CommandError`` where others can read it, or it cannot be read.
  static func read(_ path: FilePath) throws(CommandError) -> [UInt8]? {
    let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .system("read \(path)", errno)
    }
    defer { close(descriptor) }
    guard let status = FileStatus(of: descriptor) else { throw .system("look at \(path)", errno) }
    try checkSecret(status, path)
    return try readAll(descriptor, path)
  }

  /// - Throws: ``CommandError`` where others can read what is in the file, or it cannot hold a secret at all.
  private static func checkSecret(_ status: FileStatus, _ path: FilePath) throws(CommandError) {
    guard !status.isDirectory else {
      throw CommandError("\(path) is a directory", advice: "name the file that holds the secret")
    }
    // A device holds nothing, and a pipe gives what it has once.
    guard status.isRegularFile, status.permissions & 0o077 != 0 else { return }
    let isOwn = status.user == geteuid()
    throw CommandError(
      "\(path) can be read by other users, and it holds a secret",
      advice: isOwn
        ? "run: chmod 600 '\(path)'" : "it belongs to user \(status.user): use a copy that only you can read")
  }

  /// The bytes of `path`, whoever else can read it; nil where there is no such file.
  static func readShared(_ path: FilePath) throws(CommandError) -> [UInt8]? {
    let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .system("read \(path)", errno)
    }
    defer { close(descriptor) }
    return try readAll(descriptor, path)
  }

  /// Replaces `path` by a file of mode 0600 with `bytes`: a reader sees the old content or the new, also after a power failure.
  static func replace(_ path: FilePath, with bytes: [UInt8]) throws(CommandError) {
    let directory = path.removingLastComponent()
    var template = Array(directory.appending(".\(path.lastComponent?.string ?? "file").XXXXXX").string.utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw .system("write \(path)", errno) }
    defer { close(descriptor) }
    do throws(CommandError) {
      guard fchmod(descriptor, 0o600) == 0 else { throw .system("write \(path)", errno) }
      try write(bytes, to: descriptor, path)
      guard fsync(descriptor) == 0 else { throw .system("write \(path)", errno) }
      guard rename(template, path.string) == 0 else { throw .system("write \(path)", errno) }
    } catch {
      unlink(template)
      throw error
    }
    let directoryDescriptor = open(directory.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if directoryDescriptor >= 0 {
      fsync(directoryDescriptor)
      close(directoryDescriptor)
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: FilePath) throws(CommandError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("write \(path)", errno)
      }
      written += count
    }
  }

  private static func readAll(_ descriptor: Int32, _ path: FilePath) throws(CommandError) -> [UInt8] {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("read \(path)", errno)
      }
      if count == 0 { return all }
      all += piece[..<count]
      guard all.count <= 16 << 20 else { throw CommandError("\(path) is too large", advice: "check what it is") }
    }
  }
}
