public import BerayAPI

extension BerayClient {
  /// Asks the server to send a verification code to an address that is not registered.
  /// ```swift
  /// try await client.requestVerificationCode(email: "user@example.com")
  /// ```
  /// - Throws: ``BerayError/Code/conflict`` if it is.
  @discardableResult
  public func requestVerificationCode(email: String) async throws(BerayError) -> JSON {
    try await calls.json(Call(.requestVerificationCode, body: .json(RequestBody.verificationCode(email: email))))
  }

  /// Registers a user, and keeps the token.
  /// ```swift
  /// let session = try await client.register(
  ///   email: "user@example.com", verificationCode: code, password: password)
  /// ```
  @discardableResult
  public func register(
    email: String, verificationCode: String, password: String
  ) async throws(BerayError) -> Session {
    let body = RequestBody.register(email: email, verificationCode: verificationCode, password: password)
    return try await session(Call(.register, body: .json(body), secrets: [password, verificationCode]))
  }

  /// Logs in, and keeps the token.
  /// ```swift
  /// let session = try await client.login(email: "user@example.com", password: password)
  /// ```
  /// - Throws: ``BerayError/Code/authentication`` if the address or the password is wrong.
  @discardableResult
  public func login(email: String, password: String) async throws(BerayError) -> Session {
    let body = RequestBody.login(email: email, password: password)
    return try await session(Call(.login, body: .json(body), secrets: [password]))
  }

  /// Logs in by the OAuth2 password form, and keeps the token.
  /// ```swift
  /// try await client.loginWithForm(email: "user@example.com", password: password)
  /// ```
  @discardableResult
  public func loginWithForm(email: String, password: String) async throws(BerayError) -> Session {
    let body = RequestBody.loginForm(email: email, password: password)
    return try await session(Call(.loginWithForm, body: .form(body), secrets: [password]))
  }

  /// Logs out. The token is dropped whatever the answer.
  /// ```swift
  /// try await client.logout()
  /// ```
  @discardableResult
  public func logout() async throws(BerayError) -> JSON {
    do {
      let answer = try await calls.json(Call(.logout))
      await calls.credentials.drop()
      return answer
    } catch {
      await calls.credentials.drop()
      throw error
    }
  }

  /// The user whom the token belongs to.
  /// ```swift
  /// print(try await client.currentUser().email ?? "nobody")
  /// ```
  public func currentUser() async throws(BerayError) -> User {
    let call = Call(.currentUser)
    let answer = try await calls.json(call)
    return try call.decode { () throws(UnexpectedJSON) in try User(json: answer) }
  }

  private func session(_ call: Call) async throws(BerayError) -> Session {
    let answer = try await calls.json(call)
    let session = try call.decode { () throws(UnexpectedJSON) in try Session(json: answer) }
    await calls.credentials.store(session)
    return session
  }
}
