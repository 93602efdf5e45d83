/// One component of a path.
///
/// Two names are equal if their bytes are, as on Linux. `String` would treat the composed and the decomposed form of
/// «é» as equal.
package struct Name: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  package let string: String

  package init(_ string: String) { self.string = string }
  package init(stringLiteral value: String) { self.string = value }

  package var utf8: String.UTF8View { string.utf8 }
  package var description: String { string }

  /// The longest name that most file systems take, in bytes. The corresponding C constant is `NAME_MAX`.
  package static let maximumLength = 255

  package static func == (a: Self, b: Self) -> Bool {
    a.string.utf8.count == b.string.utf8.count && a.string.utf8.elementsEqual(b.string.utf8)
  }

  package static func < (a: Self, b: Self) -> Bool {
    a.string.utf8.lexicographicallyPrecedes(b.string.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
    hasher.combine(0xff as UInt8)
  }
}
