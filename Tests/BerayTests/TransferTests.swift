import Beray
import BerayAPI
import Dispatch
import Glibc
import Synchronization
import Testing

/// Bodies over real sockets.
@Suite(.timeLimit(.minutes(5))) struct TransferTests {
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
      Loopback.read(connection, size - came)
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
    let client = try SocketTests.connect("http://127.0.0.1:\(server.port)")
    _ = try await client.uploadFile(to: id, path: "f", content: content)
    await client.shutdown()
  }

  /// An upload that leaves megabytes to memory and the kernel looks as if it did not move, when it is slow.
  @Test func anUploadRunsLittleAhead() async throws {
    let size = 32 << 20
    let piece = [UInt8](repeating: 1, count: 64 << 10)
    let given = Mutex(0)
    let largestLead = Mutex(0)
    let server = try Loopback(receiveBuffer: 256 << 10) { connection in
      var taken = Loopback.readBeginning(connection, body: 0).body
      while taken < size {
        let next = min(1 << 20, size - taken)
        // Time in which the client can run ahead.
        usleep(5000)
        let lead = given.withLock { $0 } - taken
        largestLead.withLock { $0 = max($0, lead) }
        Loopback.read(connection, next)
        taken += next
      }
      Loopback.send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    }
    let content = UploadBody(length: Int64(size)) {
      ByteStream {
        { () async throws(BerayError) in
          given.withLock { given in
            guard given < size else { return nil }
            given += piece.count
            return piece
          }
        }
      }
    }
    let client = try SocketTests.connect("http://127.0.0.1:\(server.port)")
    _ = try await client.uploadFile(to: id, path: "f", content: content)
    #expect(largestLead.withLock { $0 } < 2 << 20)
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
