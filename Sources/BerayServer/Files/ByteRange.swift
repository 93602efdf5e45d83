/// One range of bytes that a request asks for (RFC 9110 §14.1.2).
enum ByteRange: Hashable, Sendable {
  /// No range, several, or one that cannot be read: the whole is to be sent (§14.2).
  case whole
  case part(Range<Int64>)
  /// Nothing of the file lies in it: 416.
  case unsatisfiable

  /// - Parameters:
  ///   - header: the value of `Range`, if there is one.
  ///   - size: of the file, in bytes.
  init(_ header: String?, size: Int64) {
    self = .whole
    guard let header, header.hasPrefix("bytes="), !header.contains(",") else { return }
    let ends = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy({ $0.allSatisfy(\.isASCIIDigit) }) else { return }
    if ends[0].isEmpty {
      guard let suffix = Int64(ends[1]) else { return }
      self = suffix == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - suffix)..<size)
      return
    }
    guard let first = Int64(ends[0]) else { return }
    let last = ends[1].isEmpty ? size - 1 : Int64(ends[1]) ?? size - 1
    if first >= size {
      self = .unsatisfiable
    } else if ends[1].isEmpty || last >= first {
      self = .part(first..<min(last, size - 1) + 1)
    }
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { self >= "0" && self <= "9" }
}
