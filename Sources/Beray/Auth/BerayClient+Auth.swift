public import BerayAPI

extension BerayClient {
  /// Asks the server to email a verification code to an unregistered address.
  /// ```swift
  /// try await client.requestVerificationCode(email: "user@example.com")
  /// ```
  /// - Throws: ``BerayError/Code/conflict`` if the address is registered.
  @discardableResult
  public func requestVerificationCode(email: String) async throws(BerayError) -> JSON {
    try await calls.json(Call(.requestVerificationCode, body: .json(RequestBody.verificationCode(email: email))))
  }

  /// Registers a user and stores the token.
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

  /// Logs in and stores the token.
  /// ```swift
  /// let session = try await client.login(email: "user@example.com", password: password)
  /// ```
  /// - Throws: ``BerayError/Code/authentication`` if the address or the password is wrong.
  @discardableResult
  public func login(email: String, password: String) async throws(BerayError) -> Session {
    let body = RequestBody.login(email: email, password: password)
    return try await session(Call(.login, body: .json(body), secrets: [password]))
  }

  /// Logs in with the OAuth2 password form and stores the token.
  /// ```swift
  /// try await client.loginWithForm(email: "user@example.com", password: password)
  /// ```
  @discardableResult
  public func loginWithForm(email: String, password: String) async throws(BerayError) -> Session {
    let body = RequestBody.loginForm(email: email, password: password)
    return try await session(Call(.loginWithForm, body: .form(body), secrets: [password]))
  }

  /// Logs out. The token is dropped even if the request fails.
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

  /// Fetches the user to whom the token belongs.
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
