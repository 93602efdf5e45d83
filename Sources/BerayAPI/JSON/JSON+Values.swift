extension JSON {
  /// The value of the member with this name, the last one if there are several. Nil if this is not an object or has no
  /// such member.
  public subscript(_ name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  public var stringValue: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// A whole number: `7`, `7.0`, or `"7"`, since some servers quote their numbers. Nil if it is not a whole number or
  /// does not fit.
  public var intValue: Int64? {
    switch self {
    case .number(let text), .string(let text):
      if let value = Int64(text) { return text.utf8.first == UInt8(ascii: "+") ? nil : value }
      return doubleValue.flatMap { Int64(exactly: $0) }
    default: return nil
    }
  }

  /// A finite number, quoted or not.
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

  /// A copy without the members of these names. Values other than objects are unchanged.
  public func removing(_ names: Set<String>) -> JSON {
    guard case .object(let members) = self else { return self }
    return .object(members.filter { !names.contains($0.name) })
  }

  /// A copy without the members of these names, at any depth.
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

/// An answer is JSON, but not of the expected shape.
public struct UnexpectedJSON: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was expected, such as "a task".
  public var expected: String

  public init(expected: String) { self.expected = expected }

  public var description: String { "the answer is not \(expected)" }
}
