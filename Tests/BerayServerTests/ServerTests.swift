import BerayAPI
import BerayServer
import Foundation
import Logging
import Testing

@Suite(.timeLimit(.minutes(5))) struct ServerTests {
  @Test func itDescribesWhatItOffersBeyondTheSDK() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let document = try await server.client.get("/openapi.json").json
      let all: Capabilities = [
        .remove, .move, .makeDirectory, .attributes, .recursiveTree, .ranges, .resumableStream, .conditionalUploads,
        .conditionalAttributes, .conditionalMoves, .append, .declaredEvents, .choosesAgent,
        .startsFrom,
      ]
      #expect(Capabilities(openAPI: document) == all)
      #expect(try await server.client.get("/health").json["name"] == "beray-fs")
    }
  }

  @Test func failuresHaveFastAPIsForm() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      var stranger = server.client
      stranger.token = nil
      let refused = try await stranger.get("/api/v1/tasks/")
      #expect(refused.status == 401)
      #expect(refused.detail == "Not authenticated")
      #expect(refused.headers["www-authenticate"] == "Bearer")
      #expect(try await server.client.get("/api/v1/none").status == 404)
      #expect(try await server.client.put("/api/v1/tasks/", []).status == 405)
      let redirect = try await server.client.post("/api/v1/tasks", ["goal": "x"])
      #expect(redirect.status == 307)
      #expect(redirect.headers["location"] == "/api/v1/tasks/")
      #expect(try await server.client.get("/api/v1/tasks/abc").status == 422)
      let missing = try await server.client.post("/api/v1/tasks/", [:])
      #expect(missing.json["detail"]?.arrayValue?.first?["loc"] == ["body", "goal"])
      let login = try await stranger.post("/api/v1/auth/login", ["email": "a@b.c", "password": 5])
      #expect(login.status == 422)
      #expect(!login.text.contains("input"))
    }
  }

  @Test func onlyItsOwnHostNamesAreAnswered() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      #expect(try await server.client.get("/health", headers: ["Host": "evil.example"]).status == 421)
      #expect(try await server.client.get("/health", headers: ["Host": "127.0.0.1:99"]).status == 200)
      #expect(try await server.client.get("/health", headers: ["Host": "[::1]:99"]).status == 200)
      #expect(try await server.socketClient.get("/health", headers: ["Host": "anything"]).status == 200)
    }
  }

  @Test func itRefusesToBeOpenToOthersWithoutProtection() async throws {
    await #expect(throws: ServerError.unprotected(host: "0.0.0.0")) {
      try await TestServer.run {
        $0.tcp = .init(host: "0.0.0.0", port: 0)
      } _: { _ in
      }
    }
  }

  @Test func theLocalTokenStaysAndIsForItsOwnerAlone() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let first = try await TestServer.run(dataDirectory: directory) { $0.client.token }
    let second = try await TestServer.run(dataDirectory: directory) { (server: TestServer) async throws in
      #expect(try await server.client.get("/api/v1/users/me").json["email"]?.stringValue == LocalToken.email)
      return server.client.token
    }
    #expect(first == second)
    let mode = try FileManager.default.attributesOfItem(atPath: directory + "/token")[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func anIdleServerEndsByItself() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var configuration = ServerConfiguration(
      dataDirectory: directory, agent: .shell, logger: Logger(label: "test") { _ in CapturedLog() })
    configuration.unixSocket = directory + "/socket"
    configuration.idleTimeout = .seconds(600)
    // Its sleeps take no time: idleness is all that this clock knows.
    try await BerayServer(configuration, clock: HastyClock()).run()
    #expect(!FileManager.default.fileExists(atPath: directory + "/socket"))
  }
}
