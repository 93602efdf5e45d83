internal import CLinux
internal import Synchronization

/// Memory that this process freed and that its allocator keeps.
package enum FreedMemory {
  private static let isDue = Mutex(false)

  /// Gives back to the system, in about a second, what many small objects leave behind when they go (malloc_trim(3)):
  /// the allocator of glibc keeps it, except at the end of its heap. Calls until then are one.
  package static func giveBackSoon() {
    let isFirst = isDue.withLock { isDue in
      defer { isDue = true }
      return !isDue
    }
    guard isFirst else { return }
    Task.detached(priority: .background) {
      try? await Task.sleep(for: .seconds(1))
      isDue.withLock { $0 = false }
      malloc_trim(0)
    }
  }
}
