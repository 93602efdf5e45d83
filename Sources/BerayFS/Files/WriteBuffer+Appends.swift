import Synchronization
import SystemPackage

/// What programs appended can go behind a content that somebody else made meanwhile.
extension WriteBuffer {
  /// Where the bytes begin that programs appended to the server's version; nil where they did more than append.
  var appendedFrom: Int64? { state.withLock { $0.appendedFrom } }

  /// Whether nothing of the server's version is in it.
  var isWhole: Bool { state.withLock { $0.isWhole } }

  /// A program makes the file and does not say that it must be new or empty: what somebody else has put under the name
  /// stays, as far as programs only append.
  func joinsOthers() { state.withLock { $0.appendedFrom = Self.size($0.storage) } }

  /// Puts what was appended behind the `size` bytes of `content`, which is the buffer's from now on.
  /// - Parameter version: what `content` is on the server.
  /// - Returns: all of it, to be uploaded; nil where programs did more than append.
  func putAppended(behind content: SpillFile, size: Int64, version: FileVersion) throws(Errno) -> Upload? {
    try state.withLock { state throws(Errno) in
      guard let start = state.appendedFrom else { return nil }
      if size >= start, try Self.begins(state.storage, with: content, size) {
        // An upload of less arrived, whose answer was lost, or nothing has changed.
        state.base = version
        state.appendedFrom = size
        return Self.snapshot(state)
      }
      var (position, end) = (start, size)
      while position < Self.size(state.storage) {
        let piece = try Self.piece(of: state.storage, at: position)
        try content.write(piece, at: end)
        position += Int64(piece.count)
        end += Int64(piece.count)
      }
      let joined: Storage =
        end <= shared.limits.bufferInMemory
        ? .memory(Array(try content.read(at: 0, count: Int(end)))) : .spilled(content, size: end)
      for (storage, sign) in [(state.storage, -1), (joined, 1)] {
        if case .memory(let bytes) = storage { shared.bufferMemory.add(sign * bytes.count) }
      }
      state.storage = joined
      state.base = version
      state.appendedFrom = size
      return Self.snapshot(state)
    }
  }

  private static func begins(
    _ storage: Storage, with content: SpillFile, _ size: Int64
  ) throws(Errno) -> Bool {
    guard size <= Self.size(storage) else { return false }
    var position: Int64 = 0
    while position < size {
      let piece = try piece(of: storage, at: position).prefix(1 << 20).prefix(Int(size - position))
      guard try content.read(at: position, count: piece.count) == piece else { return false }
      position += Int64(piece.count)
    }
    return true
  }

  private static func piece(of storage: Storage, at position: Int64) throws(Errno) -> ArraySlice<UInt8> {
    switch storage {
    case .memory(let bytes): return bytes[Int(position)...]
    case .spilled(let spill, let size):
      let piece = try spill.read(at: position, count: Int(min(1 << 20, size - position)))
      guard !piece.isEmpty else { throw .ioError }
      return piece
    }
  }
}
