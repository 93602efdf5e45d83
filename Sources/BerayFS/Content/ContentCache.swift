import Synchronization
import VFS

/// The contents of files in blocks, within a limit of bytes. The block that was not used for longest goes first.
final class ContentCache: Sendable {
  /// A block of one version of a file.
  struct Key: Hashable, Sendable {
    var inode: InodeID
    var generation: UInt32
    var block: Int64
  }

  /// Files up to this many bytes are one block.
  static let wholeLimit = 4 << 20
  /// The blocks of larger files, in bytes.
  static let blockSize = 1 << 20

  /// The length of the blocks of a file of `size` bytes.
  static func blockSize(ofFile size: Int64) -> Int {
    size <= wholeLimit ? wholeLimit : blockSize
  }

  private struct Slot {
    var key: Key
    var bytes: [UInt8]
    /// Towards what was used later, and earlier; -1 at the ends.
    var newer: Int
    var older: Int
  }

  private struct State {
    var slots: [Slot] = []
    var free: [Int] = []
    var index: [Key: Int] = [:]
    var newest = -1
    var oldest = -1
    var bytes = 0

    mutating func unlink(_ slot: Int) {
      let (newer, older) = (slots[slot].newer, slots[slot].older)
      if newer >= 0 { slots[newer].older = older } else { newest = older }
      if older >= 0 { slots[older].newer = newer } else { oldest = newer }
    }

    mutating func pushNewest(_ slot: Int) {
      slots[slot].newer = -1
      slots[slot].older = newest
      if newest >= 0 { slots[newest].newer = slot } else { oldest = slot }
      newest = slot
    }

    mutating func remove(_ slot: Int) {
      unlink(slot)
      index[slots[slot].key] = nil
      bytes -= slots[slot].bytes.count
      slots[slot].bytes = []
      free.append(slot)
    }
  }

  let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: bytes.
  init(limit: Int) { self.limit = limit }

  /// The block, which counts as used.
  subscript(key: Key) -> [UInt8]? {
    state.withLock { state in
      guard let slot = state.index[key] else { return nil }
      if state.newest != slot {
        state.unlink(slot)
        state.pushNewest(slot)
      }
      return state.slots[slot].bytes
    }
  }

  func contains(_ key: Key) -> Bool { state.withLock { $0.index[key] != nil } }

  /// Keeps `bytes`, unless they are more than all that may be kept.
  func insert(_ bytes: [UInt8], for key: Key) {
    guard bytes.count <= limit else { return }
    state.withLock { state in
      if let old = state.index[key] { state.remove(old) }
      while state.bytes + bytes.count > limit, state.oldest >= 0 { state.remove(state.oldest) }
      let slot: Int
      if let free = state.free.popLast() {
        slot = free
        state.slots[slot] = Slot(key: key, bytes: bytes, newer: -1, older: -1)
      } else {
        slot = state.slots.count
        state.slots.append(Slot(key: key, bytes: bytes, newer: -1, older: -1))
      }
      state.index[key] = slot
      state.bytes += bytes.count
      state.pushNewest(slot)
    }
  }

  /// Drops every block of these files.
  func removeAll(of files: Set<InodeID>) {
    state.withLock { state in
      for (key, slot) in state.index where files.contains(key.inode) { state.remove(slot) }
    }
  }

  func removeAll() { state.withLock { $0 = State() } }

  /// How many bytes in how many blocks are kept.
  var usage: (bytes: Int, entries: Int) { state.withLock { ($0.bytes, $0.index.count) } }
}
