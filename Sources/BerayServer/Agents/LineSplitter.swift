/// Splits a stream of bytes into lines. Lines end with LF or CR LF; a line longer than the limit is cut there.
struct LineSplitter: Sendable {
  /// The longest line, in bytes.
  let limit: Int
  private var partial: [UInt8] = []

  init(limit: Int = 1 << 20) { self.limit = limit }

  /// Takes the next bytes and returns the lines that they complete.
  mutating func push(_ bytes: some Collection<UInt8>) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      append(rest[..<end], to: &lines)
      if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
      lines.append(partial)
      partial.removeAll()
      rest = rest[rest.index(after: end)...]
    }
    append(rest, to: &lines)
    return lines
  }

  /// Returns the last line if the stream ended without a line break.
  mutating func finish() -> [UInt8]? {
    defer { partial = [] }
    return partial.isEmpty ? nil : partial
  }

  private mutating func append(_ bytes: some Collection<UInt8>, to lines: inout [[UInt8]]) {
    partial.append(contentsOf: bytes)
    while partial.count > limit {
      lines.append(Array(partial.prefix(limit)))
      partial.removeFirst(limit)
    }
  }
}
