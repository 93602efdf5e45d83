public import BerayAPI

// Endpoints that only our own server has. Others answer 404.
extension BerayClient {
  /// Lists the user's tokens: objects with `id`, `created_at` and `is_current`.
  /// ```swift
  /// for token in try await client.tokens() { print(token["id"]?.stringValue ?? "") }
  /// ```
  public func tokens() async throws(BerayError) -> [JSON] { try await calls.json(Call(.listTokens)).arrayValue ?? [] }

  /// Revokes one of the user's tokens, by its `id`.
  /// ```swift
  /// try await client.revokeToken("3f2a")
  /// ```
  public func revokeToken(_ id: String) async throws(BerayError) {
    _ = try await calls.json(Call(.revokeToken, body: .json(RequestBody.revokeToken(id))))
  }

  /// Changes the user's password and ends all other logins.
  /// ```swift
  /// try await client.changePassword(from: password, to: newPassword)
  /// ```
  public func changePassword(from password: String, to new: String) async throws(BerayError) {
    let body = RequestBody.changePassword(from: password, to: new)
    _ = try await calls.json(Call(.changePassword, body: .json(body), secrets: [password, new]))
  }

  /// Lists all users of the server: objects with `id`, `email` and `created_at`. Only for the server's administrator.
  /// ```swift
  /// for user in try await client.users() { print(user["email"]?.stringValue ?? "") }
  /// ```
  public func users() async throws(BerayError) -> [JSON] { try await calls.json(Call(.listUsers)).arrayValue ?? [] }

  /// Sets a user's password and ends that user's logins. Only for the server's administrator.
  /// ```swift
  /// try await client.resetPassword(of: "user@example.com", to: newPassword)
  /// ```
  public func resetPassword(of email: String, to new: String) async throws(BerayError) {
    let body = RequestBody.resetPassword(of: email, to: new)
    _ = try await calls.json(Call(.resetPassword, body: .json(body), secrets: [new]))
  }
}
