import SystemPackage

/// Where a ``WriteBuffer`` has its bytes.
enum BufferStorage {
  case memory([UInt8])
  /// In a temporary file; what reads it may block.
  case spilled(SpillFile, size: Int64)

  /// Bytes.
  var size: Int64 {
    switch self {
    case .memory(let bytes): Int64(bytes.count)
    case .spilled(_, let size): size
    }
  }

  /// All of it, where it is in memory.
  var small: [UInt8]? {
    if case .memory(let bytes) = self { bytes } else { nil }
  }

  /// What is asked for, where it is in memory.
  func readFromMemory(offset: Int64, count: Int) -> ArraySlice<UInt8>? {
    guard case .memory(let bytes) = self else { return nil }
    guard offset < bytes.count else { return [] }
    // A copy: a slice would make the next write copy everything.
    return Array(bytes[Int(offset)..<min(Int(offset) + count, bytes.count)])[...]
  }

  /// The same, wherever it is.
  func read(offset: Int64, count: Int) throws(Errno) -> ArraySlice<UInt8> {
    guard case .spilled(let spill, let size) = self else { return readFromMemory(offset: offset, count: count) ?? [] }
    guard offset < size else { return [] }
    let count = Int(min(Int64(count), size - offset))
    let bytes = try spill.read(at: offset, count: count)
    return bytes.count == count ? bytes : bytes + [UInt8](repeating: 0, count: count - bytes.count)
  }

  /// Writes at `start`, with zeros between the end and there. Call it where the content is in memory alone, and is to stay
  /// there.
  mutating func writeInMemory(_ bytes: UnsafeRawBufferPointer, at start: Int) {
    changeInMemory { content in
      if content.count < start { content += repeatElement(0, count: start - content.count) }
      let overlap = min(content.count - start, bytes.count)
      if overlap > 0 {
        content.withUnsafeMutableBytes { $0[start..<start + overlap].copyBytes(from: bytes[..<overlap]) }
      }
      content += bytes[overlap...]
    }
  }

  /// Cuts the content, or makes it longer with zeros; as ``writeInMemory(_:at:)``.
  mutating func truncateInMemory(to size: Int) {
    changeInMemory { content in
      if content.count > size { content.removeLast(content.count - size) }
      if content.count < size { content += repeatElement(0, count: size - content.count) }
    }
  }

  private mutating func changeInMemory(_ change: (inout [UInt8]) -> Void) {
    guard case .memory(var content) = self else { return }
    // So that the array has one owner and is changed in place.
    self = .memory([])
    change(&content)
    self = .memory(content)
  }

  /// Some bytes at `position`, which must be before the end: at most 1 MiB of a temporary file.
  func piece(at position: Int64) throws(Errno) -> ArraySlice<UInt8> {
    switch self {
    case .memory(let bytes): return bytes[Int(position)...]
    case .spilled(let spill, let size):
      let piece = try spill.read(at: position, count: Int(min(1 << 20, size - position)))
      guard !piece.isEmpty else { throw .ioError }
      return piece
    }
  }

  /// Whether it begins with the first `size` bytes of `content`.
  func begins(with content: SpillFile, _ size: Int64) throws(Errno) -> Bool {
    guard size <= self.size else { return false }
    var position: Int64 = 0
    while position < size {
      let piece = try piece(at: position).prefix(1 << 20).prefix(Int(size - position))
      guard try content.read(at: position, count: piece.count) == piece else { return false }
      position += Int64(piece.count)
    }
    return true
  }
}
