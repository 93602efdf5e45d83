/// A user of a server.
public struct User: Hashable, Sendable {
  /// The user's id as text. Some servers use numbers, others UUIDs.
  public var id: String?
  public var email: String?
  /// The whole object as received.
  public var raw: JSON

  public init(id: String?, email: String?, raw: JSON) {
    self.id = id
    self.email = email
    self.raw = raw
  }
}
