import Glibc
import LinuxSystem
import Synchronization
import SystemPackage

/// A temporary file next to its target, under a name that nobody can guess. It is removed if a signal ends this
/// process.
struct PartFile: ~Copyable {
  /// Nil once it is closed.
  private var descriptor: Descriptor?
  private let path: FilePath

  init(of target: FilePath) throws(Errno) {
    let name = ".\(target.lastComponent?.string ?? "file")"
    let file = try TemporaryFile(target.removingLastComponent().appending(name))
    let path = file.path
    self.path = path
    descriptor = file.opened()
    Self.open.withLock { _ = $0.insert(path) }
  }

  func write(_ bytes: [UInt8]) throws(Errno) { try descriptor?.writeAll(bytes) }

  mutating func close() throws(Errno) {
    if let descriptor = descriptor.take() { try descriptor.close() }
  }

  /// Renames the file to `target`. If `mode` is nil, it gets the mode of a new file.
  func take(_ target: FilePath, mode: mode_t?) throws(Errno) {
    guard chmod(path.string, mode ?? Self.newFileMode) == 0, rename(path.string, target.string) == 0 else {
      throw Errno(rawValue: errno)
    }
    Self.open.withLock { _ = $0.remove(path) }
  }

  func remove() {
    unlink(path.string)
    Self.open.withLock { _ = $0.remove(path) }
  }

  /// `mode` without the bits that umask(2) removes from new files.
  static func masked(_ mode: mode_t) -> mode_t {
    let mask = umask(0o077)
    umask(mask)
    return mode & ~mask
  }

  private static var newFileMode: mode_t { masked(0o666) }

  private static let open = Mutex<Set<FilePath>>([])

  /// From now on, removes all part files before a signal ends this process.
  static func removeAtSignals(_ terminal: Terminal) throws(CommandError) {
    guard isWatched.exchange(true, ordering: .relaxed) == false else { return }
    let signals = try Signals.caught([SIGINT, SIGTERM, SIGHUP])
    Task {
      for await signal in signals {
        for path in open.withLock({ $0 }) { unlink(path.string) }
        terminal.hideStatus()
        Signals.end(by: signal)
      }
    }
  }

  private static let isWatched = Atomic(false)
}
