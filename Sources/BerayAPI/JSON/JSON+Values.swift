extension JSON {
  /// The value of the member with this name, the last of them; nil if this is no object or has no such member.
  public subscript(_ name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  public var stringValue: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// A whole number: `7`, `7.0` and, since some servers quote their numbers, `"7"`; nil if it is no whole number or
  /// does not fit.
  public var intValue: Int64? {
    switch self {
    case .number(let text), .string(let text):
      if let value = Int64(text) { return text.utf8.first == UInt8(ascii: "+") ? nil : value }
      return doubleValue.flatMap { Int64(exactly: $0) }
    default: return nil
    }
  }

  /// A number, also where it is quoted. Infinite and undefined ones do not count.
  public var doubleValue: Double? {
    switch self {
    case .number(let text), .string(let text):
      guard let first = text.utf8.first, first == UInt8(ascii: "-") || (48...57).contains(first) else { return nil }
      return Double(text).flatMap { $0.isFinite ? $0 : nil }
    default: return nil
    }
  }

  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  public var arrayValue: [JSON]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  public var objectValue: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  public init(_ value: some BinaryInteger) { self = .number(String(value)) }
  public init(_ value: Bool) { self = .bool(value) }
  public init(_ value: String) { self = .string(value) }

  /// The same object without the members of these names; any other value as it is.
  public func removing(_ names: Set<String>) -> JSON {
    guard case .object(let members) = self else { return self }
    return .object(members.filter { !names.contains($0.name) })
  }

  /// The same value without the members of these names, at any depth.
  public func removingEverywhere(_ names: Set<String>) -> JSON {
    switch self {
    case .array(let elements): .array(elements.map { $0.removingEverywhere(names) })
    case .object(let members):
      .object(members.filter { !names.contains($0.name) }.map { Member($0.name, $0.value.removingEverywhere(names)) })
    default: self
    }
  }
}

// No ExpressibleByNilLiteral: `nil` would then silently mean `.null` where an optional was meant.
extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .number(String(value)) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}

/// An answer is JSON but not what was expected in its place.
public struct UnexpectedJSON: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was expected, such as "a task".
  public var expected: String

  public init(expected: String) { self.expected = expected }

  public var description: String { "the answer is not \(expected)" }
}
