import Beray

extension ByteStream {
  /// Whether both have the same bytes.
  func isEqual(to other: ByteStream) async throws(BerayError) -> Bool {
    var (left, right) = (makeAsyncIterator(), other.makeAsyncIterator())
    var (a, b): (ArraySlice<UInt8>, ArraySlice<UInt8>) = ([], [])
    while true {
      while a.isEmpty, let piece = try await left.next() { a = piece[...] }
      while b.isEmpty, let piece = try await right.next() { b = piece[...] }
      let count = Swift.min(a.count, b.count)
      guard count > 0 else { return a.isEmpty && b.isEmpty }
      guard a.prefix(count) == b.prefix(count) else { return false }
      a = a.dropFirst(count)
      b = b.dropFirst(count)
    }
  }
}
