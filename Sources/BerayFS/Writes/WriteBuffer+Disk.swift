import Synchronization
import SystemPackage
import VFS
import Waiting

/// Changes to a content that is in a temporary file, or gets too large for memory: one at a time, on threads that may block,
/// and with the lock free meanwhile, so that nobody who looks at the file waits for the disk.
extension WriteBuffer {
  /// Writes at `offset`, or at the end if it is nil. Returns false if the file has another buffer by now.
  func writeToDisk(_ bytes: [UInt8], at offset: Int64?, now: Timestamp) async throws(Errno) -> Bool {
    try await onDisk { () throws(Errno) in
      try self.write(bytes.span.bytes, at: offset, now: now)
    } work: { (spill, size) throws(Errno) in
      try spill.write(bytes[...], at: offset ?? size)
    } finish: { state, spill in
      guard case .spilled(let current, let size) = state.storage, current === spill else { return false }
      state.storage = .spilled(spill, size: max(size, (offset ?? size) + Int64(bytes.count)))
      self.changed(&state, now, appending: offset == nil)
      return true
    }
  }

  /// Cuts the content, or extends it with zeros. Returns false if the file has another buffer by now.
  func truncateOnDisk(to size: Int64, now: Timestamp) async throws(Errno) -> Bool {
    try await onDisk { () throws(Errno) in
      try self.truncate(to: size, now: now)
    } work: { (spill, _) throws(Errno) in
      try spill.truncate(to: size)
    } finish: { state, spill in
      guard case .spilled(let current, _) = state.storage, current === spill else { return false }
      state.storage = .spilled(spill, size: size)
      self.changed(&state, now, appending: false)
      return true
    }
  }

  /// What a change finds when its turn has come.
  private enum Found {
    case retired
    case memory([UInt8], changes: UInt64, emptied: UInt64)
    case spilled(SpillFile, size: Int64)
  }

  /// - Parameters:
  ///   - tryMemory: makes the change in memory, where it fits there.
  ///   - work: makes it in the temporary file, with the lock free.
  ///   - finish: takes over what `work` did; false: an open has emptied the content meanwhile.
  private func onDisk(
    _ tryMemory: @escaping @Sendable () throws(Errno) -> Change,
    work: @escaping @Sendable (SpillFile, Int64) throws(Errno) -> Void,
    finish: @escaping @Sendable (inout BufferState, SpillFile) -> Bool
  ) async throws(Errno) -> Bool {
    try await disk.take { () async throws(Errno) -> Bool in
      try await DiskExecutor.run { () throws(Errno) -> Bool in
        while true {
          switch try tryMemory() {
          case .done: return true
          case .retired: return false
          case .needsDisk: break
          }
          switch self.found() {
          case .retired: return false
          case .memory(let content, let changes, let emptied):
            try self.spill(content, changes: changes, emptied: emptied)
          case .spilled(let spill, let size):
            try work(spill, size)
            if self.state.withLock({ !$0.isRetired && finish(&$0, spill) }) { return true }
          }
        }
      }
    }
  }

  private func found() -> Found {
    state.withLock { state in
      if state.isRetired { return .retired }
      switch state.storage {
      case .memory(let content): return .memory(content, changes: state.changes, emptied: state.emptied)
      case .spilled(let spill, let size): return .spilled(spill, size: size)
      }
    }
  }

  /// Moves the content to a temporary file, unless it changed meanwhile.
  private func spill(_ content: [UInt8], changes: UInt64, emptied: UInt64) throws(Errno) {
    let spill = try shared.context.spills.makeFile()
    try spill.write(content[...], at: 0)
    state.withLock { state in
      guard case .memory = state.storage, state.changes == changes, state.emptied == emptied else { return }
      shared.bufferMemory.add(-content.count)
      state.storage = .spilled(spill, size: Int64(content.count))
    }
  }
}
