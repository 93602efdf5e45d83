/// The answer to a login or a registration.
public struct Session: Hashable, Sendable {
  /// The access token. Keep it secret: it is as powerful as the password. ``raw`` contains it too.
  public var accessToken: String
  /// The type of the token, "bearer".
  public var tokenType: String
  /// Who logged in, if the server tells it.
  public var user: User?
  /// The whole object as received.
  public var raw: JSON

  /// Makes a session, for a server of one's own or for tests.
  public init(accessToken: String, tokenType: String = "bearer", user: User? = nil, raw: JSON) {
    self.accessToken = accessToken
    self.tokenType = tokenType
    self.user = user
    self.raw = raw
  }

  /// Reads the answer of `POST auth/login`, `auth/token` or `auth/register`, which must have an `access_token`.
  public init(json: JSON) throws(UnexpectedJSON) {
    guard let token = json["access_token"]?.word else {
      throw UnexpectedJSON(expected: "a session with an access_token")
    }
    let user = json["user"].flatMap { try? User(json: $0) }
    self.init(accessToken: token, tokenType: json["token_type"]?.word ?? "bearer", user: user, raw: json)
  }
}

extension Session: CustomStringConvertible {
  /// Names the user but not the token, so that a session can be printed safely.
  public var description: String { "session of \(user?.email ?? user?.id ?? "a user")" }
}
