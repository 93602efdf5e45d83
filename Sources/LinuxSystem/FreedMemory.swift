internal import CLinux
internal import Synchronization

/// Memory that this process has freed but its allocator keeps.
package enum FreedMemory {
  private static let isDue = Mutex(false)

  /// Returns freed memory to the system in about a second (malloc_trim(3)). glibc keeps the memory of many small
  /// objects, except at the end of its heap. Calls within that second count as one.
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
