/// The number that a server gave a task.
public struct TaskID: RawRepresentable, Hashable, Comparable, Sendable, LosslessStringConvertible {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Accepts only decimal digits, as the API writes the number: no sign, no leading zero.
  public init?(_ description: String) {
    guard let value = Int64(description), value >= 0, String(value) == description else { return nil }
    self.rawValue = value
  }

  public var description: String { String(rawValue) }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

extension TaskID {
  init?(json: JSON) {
    guard let value = json.intValue, value >= 0 else { return nil }
    self.init(rawValue: value)
  }
}
