import BerayAPI
import BerayClient
import Dispatch
import Testing

/// Bodies over real sockets.
@Suite(.timeLimit(.minutes(1))) struct TransferTests {
  private let id = TaskID(rawValue: 7)

  /// A file, asked for by a client that nobody holds any more.
  private func content(from server: Loopback) async throws -> FileContent {
    try await SocketTests.connect("http://127.0.0.1:\(server.port)").fileContent(of: id, path: "f")
  }

  @Test func aBodyOutlivesItsClient() async throws {
    let size = 16 << 20
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      Loopback.send(connection, "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
      Loopback.send(connection, bytes: size)
    }
    #expect(try await content(from: server).body.collect(upTo: size).count == size)
  }

  @Test func updatesOutliveTheirClient() async throws {
    let mayGoOn = DispatchSemaphore(value: 0)
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      Loopback.send(connection, "HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n")
      mayGoOn.wait()
      Loopback.send(connection, "data: 2\n\n")
    }
    let updates = try await SocketTests.connect("http://127.0.0.1:\(server.port)").updates(of: id)
    mayGoOn.signal()
    var texts: [String?] = []
    for try await update in updates { texts.append(update.events.first?.text) }
    #expect(texts == ["1", "2"])
  }

  @Test func whatCameBeforeTheConnectionBrokeIsGiven() async throws {
    let count = 200
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      let events = (0..<count).map { number in
        let event = "data: \(number)\n\n"
        return "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n"
      }
      Loopback.send(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + events.joined())
    }
    for _ in 0..<10 {
      let client = try SocketTests.connect("http://127.0.0.1:\(server.port)")
      let (seen, failure) = await drain(try await client.updates(of: id))
      #expect(failure?.code == .connectionLost)
      #expect(seen == count)
      await client.shutdown()
    }
  }

  /// How many updates came, and what ended them.
  private func drain(_ updates: TaskUpdates) async -> (count: Int, failure: BerayError?) {
    var count = 0
    var iterator = updates.makeAsyncIterator()
    while true {
      do {
        guard try await iterator.next() != nil else { return (count, nil) }
        count += 1
      } catch {
        return (count, error)
      }
    }
  }

  @Test func uploadsAreStreamed() async throws {
    let piece = [UInt8](repeating: 1, count: 1 << 20)
    let size = 64 * piece.count
    let (arrived, signal) = AsyncStream.makeStream(of: Void.self)
    let server = try Loopback { connection in
      let (head, came) = Loopback.readBeginning(connection, body: piece.count)
      signal.finish()
      Loopback.readSlowly(connection, size - came, piece: 1 << 20, pause: 0)
      let isGood = head.lowercased().contains("content-length: \(size)\r\n")
      Loopback.send(connection, "HTTP/1.1 \(isGood ? 200 : 411) X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    }
    let content = UploadBody(length: Int64(size)) {
      ByteStream {
        var given = 0
        return { () async throws(BerayError) in
          // A body that is collected before it is sent never gets beyond its second piece.
          if given == 2 * piece.count { await untilFinished(arrived) }
          given += piece.count
          return given > size ? nil : piece
        }
      }
    }
    let client = try SocketTests.connect("http://127.0.0.1:\(server.port)") { $0.timeouts.stall = .seconds(5) }
    _ = try await client.uploadFile(to: id, path: "f", content: content)
    await client.shutdown()
  }

  @Test func aSlowUploadGoesOn() async throws {
    let size = 8 << 20
    // Several times the size of a segment of the loopback interface, or TCP itself waits for room.
    let server = try Loopback(receiveBuffer: 512 << 10) { connection in
      let (_, came) = Loopback.readBeginning(connection, body: 0)
      Loopback.readSlowly(connection, size - came, piece: 64 << 10, pause: 20_000)
      Loopback.send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    }
    let client = try SocketTests.connect("http://127.0.0.1:\(server.port)") {
      $0.timeouts.stall = .seconds(1)
    }
    let start = ContinuousClock.now
    _ = try await client.uploadFile(to: id, path: "f", content: .bytes([UInt8](repeating: 1, count: size)))
    #expect(.now - start > .seconds(1))
    await client.shutdown()
  }

  @Test func cancellationFreesTheConnection() async throws {
    let (steps, signal) = AsyncStream.makeStream(of: String.self)
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      signal.yield("asked")
      Loopback.waitForEnd(connection)
      signal.yield("closed")
    }
    let client = try SocketTests.connect("http://127.0.0.1:\(server.port)")
    let id = id
    let calls: [@Sendable () async throws -> Void] = [
      { _ = try await client.tasks() },
      { _ = try await client.uploadFile(to: id, path: "f", content: .bytes([UInt8](repeating: 1, count: 32 << 20))) },
    ]
    var events = steps.makeAsyncIterator()
    for call in calls {
      let task = Task { try await call() }
      #expect(await events.next() == "asked")
      task.cancel()
      await #expect { try await task.value } throws: { ($0 as? BerayError)?.code == .cancelled }
      #expect(await events.next() == "closed")
    }
    await client.shutdown()
  }
}

/// Returns when the stream has ended.
private func untilFinished(_ stream: AsyncStream<Void>) async {
  for await _ in stream {}
}
