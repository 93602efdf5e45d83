import BerayAPI
import Foundation
import Testing

@testable import BerayServer

@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
  @Test func aRequestThatIsNeverFinishedIsCutAndAnAnswerIsNot() async throws {
    try await TestServer.run {
      $0.connectionTimeout = .seconds(2)
    } _: { (server: TestServer) async throws in
      let id = try await server.createTask("sleep 4; echo late")
      async let events = server.follow(id)
      for start in ["GET /health HTT", "PUT /api/v1/x HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc"] {
        let connection = try TestConnection(server.client.place)
        try connection.send(Array(start.utf8))
        // A reset is an end as well.
        let rest = await (try? offCooperativePool { try connection.readAll() }) ?? []
        #expect(rest.isEmpty || start.hasPrefix("PUT"))
      }
      #expect(try await events.contains { $0["text"] == "late" })
    }
  }

  @Test func connectionsBeyondTheLimitWait() async throws {
    try await TestServer.run {
      $0.maximumConnections = 1
    } _: { (server: TestServer) async throws in
      let request = Array("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
      var first: TestConnection? = try TestConnection(server.client.place)
      try first?.send(request)
      _ = try await first?.read(until: "beray-fs\"")
      let second = try TestConnection(server.client.place)
      try second.send(request)
      first = nil
      #expect(try await second.read(until: "beray-fs\"").contains("200 OK"))
    }
  }

  /// Sends bytes as they are, and gives the status of the first answer.
  private func status(_ server: TestServer, _ text: String) async throws -> Int {
    let connection = try TestConnection(server.client.place)
    try connection.send(Array(text.utf8))
    return try await offCooperativePool { try TestResponse(connection.readAll()).status }
  }

  @Test func aHostThatIsNoneOrAnotherIsRefused() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      func get(_ target: String, _ hosts: [String]) async throws -> Int {
        let lines = hosts.map { "Host: \($0)\r\n" }.joined()
        return try await status(server, "GET \(target) HTTP/1.1\r\n\(lines)Connection: close\r\n\r\n")
      }
      #expect(try await get("/health", ["localhost"]) == 200)
      #expect(try await get("/health", ["[::1].evil.com"]) == 400)
      #expect(try await get("/health", ["[::1]evil:80"]) == 400)
      #expect(try await get("/health", ["localhost:80x"]) == 400)
      #expect(try await get("/health", ["localhost", "localhost"]) == 400)
      #expect(try await get("/health", ["localhost", "evil.example"]) == 400)
      #expect(try await get("http://evil.example/health", ["localhost"]) == 400)
      #expect(try await get("http://localhost/health", ["evil.example"]) == 400)
      #expect(try await get("http://evil.example/health", ["evil.example"]) == 421)
      #expect(try await get("/health", []) == 400)
      #expect(try await get("http://localhost:99/health", ["localhost:99"]) == 200)
    }
  }

  @Test func anExpectationIsAnsweredAtOnce() async throws {
    try await FileTests.withFiles { (server: TestServer, _: Int64, files: String) async throws in
      let connection = try TestConnection(server.client.place)
      let head = [
        "PUT \(files)content?path=f HTTP/1.1", "Host: localhost", "Connection: close", "Content-Length: 3",
        "Expect: 100-continue", "Authorization: Bearer \(server.client.token!)", "", "",
      ]
      try connection.send(Array(head.joined(separator: "\r\n").utf8))
      _ = try await connection.read(until: "100 Continue\r\n\r\n")
      try connection.send(Array("abc".utf8))
      #expect(try await connection.read(until: "etag").contains("200 OK"))
      #expect(try await server.client.get(files + "content?path=f").text == "abc")
    }
  }

  @Test func idleConnectionsMakeRoomForOthers() async throws {
    try await TestServer.run {
      $0.maximumConnections = 16
    } _: { (server: TestServer) async throws in
      let id = try await server.createTask("echo begun; sleep 2; echo late")
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(id)/stream")
      var told = try await stream.read(until: "begun")
      var idle: [TestConnection] = []
      for _ in 0..<64 { idle.append(try TestConnection(server.client.place)) }
      // None of them waits for another to end, and what is in use stays.
      #expect(try await server.client.get("/health").status == 200)
      if !told.contains("COMPLETED") { told += try await stream.read(until: "COMPLETED") }
      #expect(told.contains("late"))
      withExtendedLifetime(idle) {}
    }
  }

  @Test func whatStrangersSendIsSmallAndARequestHasADeadline() async throws {
    try await TestServer.run {
      $0.connectionTimeout = .seconds(3)
    } _: { (server: TestServer) async throws in
      let body = [UInt8](repeating: 0x5B, count: 17 << 10)
      #expect(try await server.stranger.send("POST", "/api/v1/auth/login", body: body).status == 413)
      let small = [UInt8](repeating: 0x5B, count: 15 << 10)
      #expect(try await server.stranger.send("POST", "/api/v1/auth/login", body: small).status == 422)
      // A body that comes a byte at a time is no reason to wait for ever.
      let connection = try TestConnection(server.client.place)
      let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
      try connection.send(Array(head.utf8))
      let answer = try await offCooperativePool {
        while !connection.isReadable(within: .milliseconds(50)) { try connection.send([0x20]) }
        return (try? connection.readAll()) ?? []
      }
      #expect(answer.isEmpty)
    }
  }

  @Test func bodiesHaveABudget() throws {
    let budget = BodyBudget(limit: 100)
    do {
      let share = budget.share()
      try share.take(60)
      #expect(throws: HTTPFailure.self) { try budget.share().take(50) }
      try budget.share().take(40)
      #expect(budget.inUse == 60)
    }
    #expect(budget.inUse == 0)
  }

  @Test func eachRequestIsALineOfTheLog() async throws {
    try await FileTests.withFiles("printf 12345 > f") { (server: TestServer, _: Int64, files: String) async throws in
      _ = try await server.client.get(files + "content?path=f")
      _ = try await server.stranger.get("/api/v1/users/me")
      let lines = server.log.all.filter { $0.hasPrefix("GET ") }
      #expect(
        lines.contains {
          $0.hasPrefix("GET \(files)content?path=f 200 5 bytes ") && $0.hasSuffix("ms local@localhost 127.0.0.1")
        })
      #expect(lines.contains { $0.hasPrefix("GET /api/v1/users/me 401 ") && $0.contains(" ms - ") })
      let metrics = try await server.client.get("/metrics").text
      #expect(metrics.contains("beray_requests_total{status=\"401\"} 1\n"))
      #expect(metrics.contains("beray_tasks{status=\"COMPLETED\"} 1\n"))
      #expect(try await server.stranger.get("/metrics").status == 401)
      // A client that hangs up within its request is no error.
      do {
        let connection = try TestConnection(server.client.place)
        let head = [
          "PUT \(files)content?path=g HTTP/1.1", "Host: localhost", "Content-Length: 100",
          "Authorization: Bearer \(server.client.token!)", "", "abc",
        ]
        try connection.send(Array(head.joined(separator: "\r\n").utf8))
      }
      await server.log.first { $0.contains("content?path=g 499 ") }
      #expect(try await server.client.get(files + "content?path=g").status == 404)
    }
  }

  @Test func anUploadThatIsTooLargeIsRefused() async throws {
    try await TestServer.run {
      $0.maximumUpload = 10
    } _: { (server: TestServer) async throws in
      let id = try await server.runTask(":").id
      let path = "/api/v1/tasks/\(id)/files/content?path=f"
      #expect(try await server.client.put(path, [UInt8](repeating: 1, count: 11)).status == 413)
      // One whose length is not told before.
      let connection = try TestConnection(server.client.place)
      let head = [
        "PUT \(path) HTTP/1.1", "Host: localhost", "Connection: close", "Authorization: Bearer \(server.client.token!)",
        "Transfer-Encoding: chunked", "", "b", "12345678901", "0", "", "",
      ]
      try connection.send(Array(head.joined(separator: "\r\n").utf8))
      #expect(try await offCooperativePool { try TestResponse(connection.readAll()).status } == 413)
      #expect(try await server.client.get(path).status == 404)
      #expect(try await server.client.put(path, [UInt8](repeating: 1, count: 10)).status == 200)
    }
  }
}
