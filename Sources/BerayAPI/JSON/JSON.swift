/// A JSON value (RFC 8259) that keeps what the sender wrote: the order of members, and numbers to the digit.
///
/// Foundation's decoders lose both, and what a server said of a task is shown word for word.
public enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// The number as it was written, such as `1`, `-0.50` or `1e9`.
  case number(String)
  case string(String)
  case array([JSON])
  /// Members in the order in which they came. Of members with one name the last counts.
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
