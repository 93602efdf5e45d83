internal import BerayAPI

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
    switch header.flatMap({ RangeHeader($0) }) {
    case nil: self = .whole
    case .suffix(let count):
      self = count == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - count)..<size)
    case .from(let first, through: let last):
      self = first >= size ? .unsatisfiable : .part(first..<min(last ?? .max, size - 1) + 1)
    }
  }
}
