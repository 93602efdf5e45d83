/// One component of a path.
///
/// Two names are equal if their bytes are, as on Linux. `String` would treat the composed and the decomposed form of
/// «é» as equal.
public struct Name: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  public let string: String

  public init(_ string: String) { self.string = string }
  public init(stringLiteral value: String) { self.string = value }

  public var utf8: String.UTF8View { string.utf8 }
  public var description: String { string }

  /// The longest name that most file systems take, in bytes. The corresponding C constant is `NAME_MAX`.
  public static let maximumLength = 255

  public static func == (a: Self, b: Self) -> Bool {
    a.string.utf8.count == b.string.utf8.count && a.string.utf8.elementsEqual(b.string.utf8)
  }

  public static func < (a: Self, b: Self) -> Bool {
    a.string.utf8.lexicographicallyPrecedes(b.string.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
    hasher.combine(0xff as UInt8)
  }
}
