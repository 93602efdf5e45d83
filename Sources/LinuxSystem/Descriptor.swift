internal import Glibc
package import SystemPackage

/// A file descriptor with one holder, which is closed when that one is gone.
package struct Descriptor: ~Copyable, OpenDescriptor, Sendable {
  package let rawValue: Int32

  /// Takes ownership of an open descriptor.
  package init(owning rawValue: Int32) {
    self.rawValue = rawValue
  }

  deinit { Glibc.close(rawValue) }

  /// Closes it. Some file systems report only now that a write failed (close(2)).
  package consuming func close() throws(Errno) {
    // Linux closes it even if a signal interrupts the call.
    guard Glibc.close(take()) == 0 || errno == EINTR else { throw Errno(rawValue: errno) }
  }

  /// Gives up ownership: the caller must close the descriptor.
  package consuming func take() -> Int32 {
    let descriptor = rawValue
    discard self
    return descriptor
  }

  /// Opens a path that this program chose, never one from a request. Child processes do not inherit the descriptor.
  package static func open(path: String, flags: Int32, mode: UInt32 = 0) throws(Errno) -> Descriptor {
    Descriptor(owning: try retrying { Glibc.open(path, flags | O_CLOEXEC, mode) })
  }
}
