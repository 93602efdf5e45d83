import Beray
import BerayAPI
import Synchronization
import Testing

/// The transport that ships, against real sockets.
@Suite struct SocketTests {
  private let id = TaskID(rawValue: 7)

  static func connect(
    _ url: String, _ change: (inout BerayClient.Configuration) -> Void = { _ in }
  ) throws -> BerayClient {
    var configuration = BerayClient.Configuration()
    configuration.retries = 0
    change(&configuration)
    return BerayClient(
      address: try ServerAddress(parsing: url), credentials: StaticCredentials(token: "t0ken"),
      configuration: configuration)
  }

  private func withClient<Value>(
    _ url: String, _ change: (inout BerayClient.Configuration) -> Void = { _ in },
    _ body: (BerayClient) async throws -> Value
  ) async throws -> Value {
    let client = try Self.connect(url, change)
    do {
      let value = try await body(client)
      await client.shutdown()
      return value
    } catch {
      await client.shutdown()
      throw error
    }
  }

  private func code(_ call: () async throws -> Void) async -> BerayError.Code? {
    do {
      try await call()
      return nil
    } catch {
      return (error as? BerayError)?.code
    }
  }

  @Test func getsAndPuts() async throws {
    let heads = Mutex<[String]>([])
    let server = try Loopback { connection in
      let head = Loopback.readRequest(connection)
      heads.withLock { $0.append(head) }
      Loopback.send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
    }
    try await withClient("http://127.0.0.1:\(server.port)/pre") { client in
      let tasks = try await client.tasks()
      #expect(tasks.isEmpty)
    }
    let head = try #require(heads.withLock { $0.first })
    #expect(head.hasPrefix("GET /pre/api/v1/tasks/ HTTP/1.1\r\n"))
    let lowercased = head.lowercased()
    #expect(lowercased.contains("host: 127.0.0.1:\(server.port)\r\n"))
    #expect(head.contains("Bearer t0ken"))
  }

  @Test func nobodyListens() async throws {
    let server = try Loopback { _ in }
    let port = server.port
    server.stop()
    let refused = await code { try await withClient("http://127.0.0.1:\(port)") { _ = try await $0.tasks() } }
    #expect(refused == .connectionRefused)
    let missing = await code { try await withClient("unix:/tmp/api-no-such.sock") { _ = try await $0.tasks() } }
    #expect(missing == .connectionRefused)
  }

  @Test func noSuchHost() async throws {
    let code = await code { try await withClient("https://no-such-host.invalid") { _ = try await $0.tasks() } }
    #expect(code == .hostUnreachable)
  }

  @Test func noTLS() async throws {
    let server = try Loopback { connection in
      Loopback.send(connection, "HTTP/1.1 400 Bad Request\r\n\r\n")
      Loopback.waitForEnd(connection)
    }
    let code = await code { try await withClient("https://127.0.0.1:\(server.port)") { _ = try await $0.tasks() } }
    #expect(code == .secureConnectionFailed)
  }

  @Test func theConnectionBreaks() async throws {
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      Loopback.send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nshort")
    }
    let whole = await code { try await withClient("http://127.0.0.1:\(server.port)") { _ = try await $0.tasks() } }
    #expect(whole == .connectionLost)
    let streamed = await code {
      try await withClient("http://127.0.0.1:\(server.port)") { client in
        _ = try await client.fileContent(of: id, path: "f").body.collect(upTo: 1 << 20)
      }
    }
    #expect(streamed == .connectionLost)
  }

  @Test func redirectsAreNotFollowed() async throws {
    let count = Mutex(0)
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      count.withLock { $0 += 1 }
      Loopback.send(
        connection, "HTTP/1.1 307 X\r\nLocation: /api/v1/tasks\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }
    let code = await code { try await withClient("http://127.0.0.1:\(server.port)") { _ = try await $0.tasks() } }
    #expect(code == .api)
    #expect(count.withLock { $0 } == 1)
  }

  @Test func aSilentServer() async throws {
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      Loopback.waitForEnd(connection)
    }
    let code = await code {
      try await withClient("http://127.0.0.1:\(server.port)", { $0.timeouts.metadata = .milliseconds(100) }) {
        _ = try await $0.tasks()
      }
    }
    #expect(code == .timedOut)
  }

  @Test func cancellationClosesAStream() async throws {
    let (ended, signal) = AsyncStream.makeStream(of: Void.self)
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      let event = "data: {\"status\":\"RUNNING\"}\n\n"
      Loopback.send(connection, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n\(event)")
      Loopback.waitForEnd(connection)
      signal.yield()
    }
    try await withClient("http://127.0.0.1:\(server.port)") { client in
      let (seen, update) = AsyncStream.makeStream(of: Void.self)
      let id = id
      let task = Task {
        for try await _ in try await client.updates(of: id) { update.yield() }
      }
      var seenUpdates = seen.makeAsyncIterator()
      _ = await seenUpdates.next()
      task.cancel()
      let code = await code { try await task.value }
      #expect(code == .cancelled)
    }
    var events = ended.makeAsyncIterator()
    #expect(await events.next() != nil)
  }
}
