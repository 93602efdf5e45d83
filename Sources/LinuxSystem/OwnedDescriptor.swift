internal import Glibc
internal import Synchronization
package import SystemPackage

/// A file descriptor with several holders. It is closed with its last reference, or earlier by ``close()``. Where one
/// holder is enough, use ``Descriptor``.
package final class OwnedDescriptor: OpenDescriptor, Sendable {
  package let rawValue: Int32
  private let isOpen = Atomic(true)

  /// Takes ownership of an open descriptor.
  package init(owning rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// Lets several hold what one held.
  package convenience init(_ descriptor: consuming Descriptor) { self.init(owning: descriptor.take()) }

  deinit { close() }

  /// Closes it now, even if others still refer to it. Nobody may use it afterwards.
  package func close() {
    if isOpen.exchange(false, ordering: .acquiringAndReleasing) { Glibc.close(rawValue) }
  }

  /// Opens a path that this program chose, never one from a request. Child processes do not inherit the descriptor.
  package static func open(path: String, flags: Int32, mode: UInt32 = 0) throws(Errno) -> OwnedDescriptor {
    OwnedDescriptor(try Descriptor.open(path: path, flags: flags, mode: mode))
  }
}
