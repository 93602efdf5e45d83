/// A user of a server.
public struct User: Hashable, Sendable {
  /// The server's id of the user as text: a number with some servers, a UUID with others.
  public var id: String?
  public var email: String?
  /// The whole object as it came.
  public var raw: JSON

  public init(id: String?, email: String?, raw: JSON) {
    self.id = id
    self.email = email
    self.raw = raw
  }
}
