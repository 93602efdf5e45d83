/// Bytes that are only ever added to.
///
/// They stand in pieces, so that growing never copies what is there, and reading costs what is read.
struct ByteLog: Sendable {
  private static let pieceSize = 64 << 10

  private var pieces: [[UInt8]] = []
  private(set) var count: Int64 = 0

  mutating func append(_ bytes: [UInt8]) {
    count += Int64(bytes.count)
    var rest = bytes[...]
    while !rest.isEmpty {
      if pieces.isEmpty || pieces[pieces.count - 1].count == Self.pieceSize { pieces.append([]) }
      let part = rest.prefix(Self.pieceSize - pieces[pieces.count - 1].count)
      pieces[pieces.count - 1] += part
      rest = rest.dropFirst(part.count)
    }
  }

  /// At most `count` bytes from `offset`; fewer at the end, none behind it.
  func read(offset: Int64, count: Int) -> ArraySlice<UInt8> {
    guard offset >= 0, offset < self.count, count > 0 else { return [] }
    var left = Int(min(Int64(count), self.count - offset))
    var index = Int(offset) / Self.pieceSize
    var start = Int(offset) % Self.pieceSize
    var bytes: [UInt8] = []
    bytes.reserveCapacity(left)
    while left > 0 {
      let part = pieces[index][start...].prefix(left)
      bytes += part
      left -= part.count
      index += 1
      start = 0
    }
    return bytes[...]
  }
}
