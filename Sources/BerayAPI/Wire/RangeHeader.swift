/// `Range` with one range of bytes (RFC 9110 §14.1.2).
package enum RangeHeader: Hashable, Sendable {
  /// From one offset through another, which is not smaller; nil means the end of the content.
  case from(Int64, through: Int64?)
  /// So many bytes at the end of the content.
  case suffix(Int64)

  /// Reads `bytes=0-99`, `bytes=100-` or `bytes=-100`. Numbers of any length are valid.
  package init?(_ text: String) {
    guard text.hasPrefix("bytes=") else { return nil }
    let ends = text.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
    switch (Self.number(ends[0]), Self.number(ends[1])) {
    case (let first?, let last):
      guard last ?? .max >= first else { return nil }
      self = .from(first, through: last)
    case (nil, let count?): self = .suffix(count)
    case (nil, nil): return nil
    }
  }

  /// The value of the header.
  package var text: String {
    switch self {
    case .from(let first, through: let last): "bytes=\(first)-\(last.map { String($0) } ?? "")"
    case .suffix(let count): "bytes=-\(count)"
    }
  }

  /// Parses digits. A number that is too large becomes the maximum; no digits give nil.
  private static func number(_ digits: Substring) -> Int64? {
    digits.isEmpty ? nil : Int64(digits) ?? .max
  }
}

/// `Content-Range` of a part of a content (RFC 9110 §14.4).
package struct ContentRange: Hashable, Sendable {
  /// The first byte of the part.
  package var offset: Int64
  /// The last byte of the part.
  package var last: Int64
  /// The size of the whole content; nil if it is not told.
  package var size: Int64?

  /// Describes a part that has at least one byte.
  package init(offset: Int64, last: Int64, size: Int64?) {
    self.offset = offset
    self.last = last
    self.size = size
  }

  /// Reads `bytes 0-99/1234` or `bytes 0-99/*`.
  package init?(_ text: String) {
    guard text.hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, ends.count == 2, let first = ServerNumber.size(ends[0]),
      let last = ServerNumber.size(ends[1]), last >= first
    else { return nil }
    self.init(offset: first, last: last, size: ServerNumber.size(parts[1]))
  }

  /// The value of the header.
  package var text: String { "bytes \(offset)-\(last)/\(size.map { String($0) } ?? "*")" }

  /// The value of the header if no byte of the range exists (416).
  package static func unsatisfied(size: Int64) -> String { "bytes */\(size)" }
}
