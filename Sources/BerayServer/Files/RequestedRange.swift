/// One range of bytes that a request asks for (RFC 9110 §14.1.2).
enum RequestedRange: Hashable, Sendable {
  /// No range, several ranges, or an invalid one: the whole file is sent (§14.2).
  case whole
  case part(Range<Int64>)
  /// The range lies outside the file: 416.
  case unsatisfiable

  /// - Parameters:
  ///   - header: the value of `Range`, if there is one.
  ///   - size: the size of the file in bytes.
  init(_ header: String?, size: Int64) {
    self = .whole
    guard let header, header.hasPrefix("bytes="), !header.contains(",") else { return }
    let ends = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy({ $0.allSatisfy(\.isASCIIDigit) }) else { return }
    if ends[0].isEmpty {
      guard let suffix = Self.number(ends[1]) else { return }
      self = suffix == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - suffix)..<size)
      return
    }
    guard let first = Self.number(ends[0]) else { return }
    let last = Self.number(ends[1]) ?? .max
    guard last >= first else { return }
    if first >= size {
      self = .unsatisfiable
    } else {
      self = .part(first..<min(last, size - 1) + 1)
    }
  }

  /// Parses a number of any length. One that is too large becomes the maximum; no digits give nil.
  private static func number(_ digits: Substring) -> Int64? {
    digits.isEmpty ? nil : Int64(digits) ?? .max
  }
}

extension Character {
  var isASCIIDigit: Bool { self >= "0" && self <= "9" }
}
