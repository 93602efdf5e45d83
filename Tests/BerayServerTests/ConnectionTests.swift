import BerayAPI
import BerayServer
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
  @Test func aRequestThatIsNeverFinishedIsCutAndAnAnswerIsNot() async throws {
    try await TestServer.run {
      $0.connectionTimeout = .milliseconds(200)
    } _: { (server: TestServer) async throws in
      let id = try await server.createTask("sleep 1; echo late")
      async let events = server.follow(id)
      for start in ["GET /health HTT", "PUT /api/v1/x HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc"] {
        let connection = try TestConnection(server.client.place)
        try connection.send(Array(start.utf8))
        let rest = try await offCooperativePool { try connection.readAll() }
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
