/// A user of a server.
public struct User: Hashable, Sendable {
  /// The user's id as text. Some servers use numbers, others UUIDs.
  public var id: String?
  /// The address that the user logs in with, if the server tells it.
  public var email: String?
  /// The whole object as received.
  public var raw: JSON

  /// Makes a user, for a server of one's own or for tests.
  public init(id: String?, email: String?, raw: JSON) {
    self.id = id
    self.email = email
    self.raw = raw
  }
}
