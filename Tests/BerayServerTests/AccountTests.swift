import BerayAPI
import Foundation
import Testing

@testable import BerayServer

@Suite(.timeLimit(.minutes(5))) struct AccountTests {
  static func code(for email: String, in server: TestServer) -> String? {
    let line = server.log.all.last { $0.hasPrefix("verification code for \(email): ") }
    return line?.split(separator: " ").dropFirst(4).first.map(String.init)
  }

  static func register(_ server: TestServer, _ email: String, _ code: String) async throws -> TestResponse {
    try await server.stranger.post(
      "/api/v1/auth/register",
      ["email": .string(email), "verification_code": .string(code), "password": "long enough"])
  }

  @Test func aCodeCannotBeGuessedAndWearsOut() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let email = "anna@example.org"
      let request = {
        try await server.stranger.post(
          "/api/v1/auth/request-verification-code", ["email": .string(email)]
        ).status
      }
      #expect(try await request() == 200)
      let first = try #require(Self.code(for: email, in: server))
      // 12 signs of 5 bits.
      #expect(first.filter { $0 != "-" }.count == 12)
      for code in [String](repeating: "wrong", count: 5) + [first] {
        #expect(try await Self.register(server, email, code).status == 400)
      }
      // A new code brings new attempts at it, but not without end: ten guesses in all.
      #expect(try await request() == 200)
      for _ in 0..<4 { #expect(try await Self.register(server, email, "wrong").status == 400) }
      let second = try #require(Self.code(for: email, in: server))
      let refused = try await Self.register(server, email, second)
      #expect(refused.status == 429)
      #expect(refused.headers["retry-after"].flatMap { Int($0) } ?? 0 > 800)
      for attempt in 2..<6 { #expect(try await request() == (attempt < 5 ? 200 : 429)) }
    }
  }

  @Test func aCodeThatIsRightMakesAnAccount() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let email = "bea@example.org"
      _ = try await server.stranger.post("/api/v1/auth/request-verification-code", ["email": .string(email)])
      let code = try #require(Self.code(for: email, in: server))
      let session = try await Self.register(server, email, code)
      #expect(session.status == 200)
      var bea = server.client
      bea.token = session.json["access_token"]?.stringValue
      #expect(try await bea.get("/api/v1/users/me").json["email"]?.stringValue == email)
      #expect(try await bea.post("/api/v1/auth/logout").status == 200)
      #expect(try await bea.get("/api/v1/users/me").status == 401)
    }
  }

  /// An account with a token of its own.
  static func account(_ server: TestServer, _ email: String) async throws -> TestClient {
    _ = try await server.stranger.post("/api/v1/auth/request-verification-code", ["email": .string(email)])
    let session = try await register(server, email, try #require(code(for: email, in: server)))
    var client = server.client
    client.token = session.json["access_token"]?.stringValue
    return client
  }

  @Test func guessesAreSlowedDownAndNobodyElseIs() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      func login(_ email: String, _ password: String) async throws -> TestResponse {
        try await server.stranger.post(
          "/api/v1/auth/login", ["email": .string(email), "password": .string(password)])
      }
      _ = try await Self.account(server, "dan@example.org")
      _ = try await Self.account(server, "eve@example.org")
      #expect(try await login("dan@example.org", "long enough").status == 200)
      for _ in 0..<LoginLimiter.freeOfPeer {
        #expect(try await login("dan@example.org", "wrong").status == 401)
      }
      // The pause doubles with each guess: also a slow machine comes within one soon.
      var answer = try await login("dan@example.org", "wrong")
      for _ in 0..<6 where answer.status == 401 { answer = try await login("dan@example.org", "wrong") }
      #expect(answer.status == 429)
      #expect((1...64).contains(answer.headers["retry-after"].flatMap { Int($0) } ?? 0))
      // The right one is known to this peer, and another account has nothing to do with it.
      #expect(try await login("dan@example.org", "long enough").status == 200)
      #expect(try await login("eve@example.org", "long enough").status == 200)
      #expect(server.log.all.contains { $0.hasPrefix("failed login of dan@example.org from 127.0.0.1") })
    }
  }

  @Test func tokensAreListedAndRevokedAndPasswordsChanged() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let email = "fay@example.org"
      let fay = try await Self.account(server, email)
      let body: JSON = ["email": .string(email), "password": "long enough"]
      var other = fay
      other.token = try await server.stranger.post("/api/v1/auth/login", body).json["access_token"]?.stringValue
      let tokens = try await fay.get("/api/v1/auth/tokens").json.arrayValue ?? []
      #expect(tokens.count == 2)
      let second = try #require(tokens.first { $0["is_current"]?.boolValue == false }?["id"])
      #expect(try await fay.post("/api/v1/auth/tokens/revoke", ["id": second]).status == 200)
      #expect(try await fay.post("/api/v1/auth/tokens/revoke", ["id": second]).status == 404)
      #expect(try await other.get("/api/v1/users/me").status == 401)
      let change: JSON = ["password": "long enough", "new_password": "longer than before"]
      #expect(try await fay.post("/api/v1/auth/password", ["password": "x", "new_password": "12345678"]).status == 403)
      #expect(try await fay.post("/api/v1/auth/password", change).status == 200)
      #expect(try await fay.get("/api/v1/users/me").status == 200)
      #expect(try await server.stranger.post("/api/v1/auth/login", body).status == 401)
      // Who runs the server lists users and sets passwords; nobody else does.
      #expect(try await fay.get("/api/v1/admin/users").status == 403)
      let users = try await server.client.get("/api/v1/admin/users").json.arrayValue ?? []
      #expect(users.contains { $0["email"]?.stringValue == email })
      let reset: JSON = ["email": .string(email), "new_password": "long enough"]
      #expect(try await fay.post("/api/v1/admin/users/password", reset).status == 403)
      #expect(try await server.client.post("/api/v1/admin/users/password", reset).status == 200)
      #expect(try await fay.get("/api/v1/users/me").status == 401)
      #expect(try await server.stranger.post("/api/v1/auth/login", body).status == 200)
    }
  }

  @Test func whatIsLongerThanAnyPasswordIsRefused() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let long = String(repeating: "x", count: 1025)
      for body: JSON in [
        ["email": "carl@example.org", "password": .string(long)],
        ["email": .string(String(long.prefix(255))), "password": "x"],
      ] {
        #expect(try await server.stranger.post("/api/v1/auth/login", body).status == 422)
      }
    }
  }

  @Test func theLocalTokenOutlivesALogout() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      #expect(try await server.client.post("/api/v1/auth/logout").status == 200)
      #expect(try await server.client.get("/api/v1/users/me").status == 200)
    }
  }

  @Test(arguments: [false, true])
  func othersMayRegisterOnlyWhereTheServerSaysSo(_ isAllowed: Bool) async throws {
    try await TestServer.run {
      $0.tcp = .init(host: "0.0.0.0", port: 0)
      $0.tcp?.isBehindProxy = true
      $0.tcp?.allowsRegistration = isAllowed
    } _: { (server: TestServer) async throws in
      let body: JSON = ["email": "dora@example.org"]
      let answer = try await server.stranger.post("/api/v1/auth/request-verification-code", body)
      #expect(answer.status == (isAllowed ? 200 : 403))
      // A proxy on this machine brings others to loopback.
      let loopback = try await TestServer.run {
        $0.tcp?.isBehindProxy = true
        $0.tcp?.allowsRegistration = isAllowed
      } _: { (server: TestServer) async throws in
        try await server.stranger.post("/api/v1/auth/request-verification-code", body).status
      }
      #expect(loopback == (isAllowed ? 200 : 403))
      var owner = server.socketClient
      owner.token = nil
      #expect(try await owner.post("/api/v1/auth/request-verification-code", body).status == 200)
    }
  }
}
