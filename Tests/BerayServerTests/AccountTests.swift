import BerayAPI
import BerayServer
import Foundation
import Testing

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

  @Test func loginIsLimitedAndTakesNothingTooLong() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      for attempt in 0..<11 {
        let body: JSON = ["email": "carl@example.org", "password": "x"]
        let status = try await server.stranger.post("/api/v1/auth/login", body).status
        #expect(status == (attempt < 10 ? 401 : 429))
      }
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
