import LinuxSystem
import SystemPackage

extension FileLock {
  /// Waits for the lock of `path`, which is a directory or a file. A missing file is made.
  convenience init(_ path: FilePath) throws(CommandError) {
    do throws(Errno) {
      try self.init(on: path)
      try take()
    } catch {
      throw .system("lock \(path)", error.rawValue)
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
