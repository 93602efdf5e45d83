internal import Glibc
internal import Synchronization
package import SystemPackage

/// An exclusive flock(2), held until it is released or the last reference goes. The kernel drops it with the process,
/// however that ends.
package final class FileLock: Sendable {
  private let file: Mutex<OwnedDescriptor?>

  /// Opens a file or a directory, but does not lock it yet. A missing file is made with mode 0600.
  package init(on path: FilePath) throws(Errno) {
    file = Mutex(try Self.open(path))
  }

  deinit { release() }

  /// Waits for the lock.
  package func take() throws(Errno) {
    try opened().lock()
  }

  /// - Returns: false if another process holds the lock.
  package func tryTake() throws(Errno) -> Bool {
    try opened().tryLock()
  }

  /// It cannot be taken again.
  package func release() {
    guard let file = file.withLock({ $0.take() }) else { return }
    // Closing alone may not release it: a child between fork and exec still has a copy of the descriptor.
    flock(file.rawValue, LOCK_UN)
    file.close()
  }

  private func opened() throws(Errno) -> OwnedDescriptor {
    guard let file = file.withLock({ $0 }) else { throw .badFileDescriptor }
    return file
  }

  private static func open(_ path: FilePath) throws(Errno) -> OwnedDescriptor {
    do throws(Errno) {
      return try OwnedDescriptor.open(path: path.string, flags: O_RDWR | O_CREAT, mode: 0o600)
    } catch {
      guard error == .isDirectory else { throw error }
    }
    return try OwnedDescriptor.open(path: path.string, flags: O_RDONLY | O_DIRECTORY)
  }
}

extension OpenDescriptor where Self: ~Copyable {
  /// Waits for the exclusive flock(2) of a file. Closing the descriptor releases it.
  package func lock() throws(Errno) { try retrying { flock(rawValue, LOCK_EX) } }

  /// - Returns: false if another descriptor holds the lock.
  package func tryLock() throws(Errno) -> Bool {
    do throws(Errno) { try retrying { flock(rawValue, LOCK_EX | LOCK_NB) } } catch {
      guard error == .wouldBlock else { throw error }
      return false
    }
    return true
  }
}
