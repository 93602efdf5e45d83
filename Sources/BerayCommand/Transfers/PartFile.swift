import Glibc
import Synchronization
import SystemPackage

/// A file beside its later name, under a name that nobody can guess. A signal that ends this process removes it first.
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
    Self.open.withLock { [path] in _ = $0.insert(path) }
  }

  /// Puts it in the place of `target`, with the mode that this had, or that a new file gets.
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

  /// `mode` as umask(2) leaves it to new files.
  static func masked(_ mode: mode_t) -> mode_t {
    let mask = umask(0o077)
    umask(mask)
    return mode & ~mask
  }

  private static var newFileMode: mode_t { masked(0o666) }

  private static let open = Mutex<Set<FilePath>>([])

  /// Has signals that end this process remove the parts first, from now on.
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
