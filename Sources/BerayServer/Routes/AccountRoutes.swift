internal import BerayAPI
internal import Hummingbird

/// Lets users manage their own tokens and password, and the operator of the server all users.
struct AccountRoutes: Sendable {
  let services: Services

  var endpoints: [Endpoint] {
    let id = Endpoint.Property(name: "id", schema: ["type": "string"])
    let email = Endpoint.Property(name: "email", schema: ["type": "string", "format": "email"])
    let present = Endpoint.Property(name: "password", schema: ["type": "string", "format": "password"])
    let new = Endpoint.Property(name: "new_password", schema: ["type": "string", "format": "password"])
    return [
      Endpoint(.listTokens, "List the user's tokens") { call in
        let account = try user(call)
        let tokens = try await services.store.tokens(of: account.id).map { token -> JSON in
          [
            "id": .string(token.id), "created_at": .string(token.createdAt),
            "is_current": .bool(token.hash == call.tokenHash),
          ]
        }
        return .json(.array(tokens))
      },
      Endpoint(.revokeToken, "Revoke one of the user's tokens", body: .json([id])) { call in
        let account = try user(call)
        let id = try await call.json().string("id")
        guard let token = try await services.store.tokens(of: account.id).first(where: { $0.id == id }) else {
          throw HTTPFailure.notFound("There is no such token")
        }
        guard token.hash != services.localTokenHash else {
          throw HTTPFailure.conflict("The local server's own token cannot be revoked")
        }
        try await services.store.deleteToken(hash: token.hash)
        return .message("Token revoked")
      },
      Endpoint(.changePassword, "Change the password; other tokens end", body: .json([present, new])) { call in
        let account = try user(call)
        let body = try await call.json()
        let (password, wanted) = (try body.string("password"), try body.string("new_password"))
        guard try await services.accounts.check(password, of: account, from: call.peer) else {
          throw HTTPFailure(.forbidden, "The current password is wrong")
        }
        try await services.accounts.changePassword(of: account, to: wanted, exceptToken: call.tokenHash)
        return .message("Password changed")
      },
      Endpoint(.listUsers, "List all users; as the server's user") { call in
        try checkRunsServer(call)
        return .json(.array(try await services.store.accounts().map(\.json)))
      },
      Endpoint(
        .resetPassword, "Set a user's password and end their tokens; as the server's user", body: .json([email, new])
      ) { call in
        try checkRunsServer(call)
        let body = try await call.json()
        let (email, wanted) = (try body.string("email"), try body.string("new_password"))
        guard let account = try await services.store.account(email: email), account.email != LocalToken.email else {
          throw HTTPFailure.notFound("There is no such user")
        }
        try await services.accounts.changePassword(of: account, to: wanted, exceptToken: nil)
        return .message("Password set")
      },
    ]
  }

  private func user(_ call: IncomingCall) throws(HTTPFailure) -> Account {
    guard let account = call.account else { throw .unauthorized() }
    return account
  }

  private func checkRunsServer(_ call: IncomingCall) throws(HTTPFailure) {
    guard call.account?.email == LocalToken.email else {
      throw HTTPFailure(.forbidden, "Only the user who runs the server may do that")
    }
  }
}
