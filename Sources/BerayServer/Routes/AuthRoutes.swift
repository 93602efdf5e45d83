internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird

/// `auth/…` and `users/me`.
struct AuthRoutes: Sendable {
  let services: Services

  var endpoints: [Endpoint] {
    let email = Endpoint.Property(name: "email", schema: ["type": "string", "format": "email"])
    let password = Endpoint.Property(name: "password", schema: ["type": "string", "format": "password"])
    let code = Endpoint.Property(name: "verification_code", schema: ["type": "string"])
    let username = Endpoint.Property(name: "username", schema: ["type": "string"])
    return [
      Endpoint(.requestVerificationCode, "Send a verification code", needsUser: false, body: .json([email])) { call in
        try checkRegistration(call)
        try await services.accounts.sendCode(to: call.json().string("email"))
        return .message("Verification code sent")
      },
      Endpoint(.register, "Register", needsUser: false, body: .json([email, code, password])) { call in
        try checkRegistration(call)
        let body = try await call.json()
        let login = try await services.accounts.register(
          email: body.string("email"), code: body.string("verification_code"), password: body.string("password"))
        return .json(login.json)
      },
      Endpoint(.login, "Log in", needsUser: false, body: .json([email, password])) { call in
        let body = try await call.json()
        let login = try await services.accounts.login(
          email: body.string("email"), password: body.string("password"), from: call.peer)
        return .json(login.json)
      },
      Endpoint(.loginWithForm, "Log in with an OAuth2 form", needsUser: false, body: .form([username, password])) {
        call in
        let form = try await call.form()
        let login = try await services.accounts.login(
          email: field("username", of: form), password: field("password", of: form), from: call.peer)
        return .json(login.json)
      },
      Endpoint(.logout, "Revoke the token of this request") { call in
        // The local user's token does not come from a login. All their mounts and commands share it and read it from
        // its file, so it must stay valid.
        if let hash = call.tokenHash, hash != services.localTokenHash {
          try await services.store.deleteToken(hash: hash)
        }
        return .message("Successfully logged out")
      },
      Endpoint(.currentUser, "Tell whose token the request has") { call in
        guard let account = call.account else { throw HTTPFailure.unauthorized() }
        return .json(account.json)
      },
    ] + AccountRoutes(services: services).endpoints
  }

  private func field(_ name: String, of form: FormFields) throws -> String {
    guard let value = form[name] else {
      throw HTTPFailure.unprocessable(["body", .string(name)], type: "missing", "Field required")
    }
    return value
  }

  private func checkRegistration(_ call: IncomingCall) throws {
    guard services.allowsRegistration || call.origin == .unixSocket else {
      throw HTTPFailure(.forbidden, "Registration is closed; the server opens it with --allow-register")
    }
  }
}
