/// A JSON value (RFC 8259) that preserves the order of members and every digit of numbers.
///
/// Foundation's decoders lose both, but users see a server's data unchanged.
public enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// The number as written, such as `1`, `-0.50` or `1e9`.
  case number(String)
  case string(String)
  case array([JSON])
  /// Members in their original order. If a name occurs twice, the last one counts.
  case object([Member])

  public struct Member: Hashable, Sendable {
    public var name: String
    public var value: JSON

    public init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }
}
