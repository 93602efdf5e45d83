import Beray
import BerayAPI
import HTTPTypes
import Synchronization
import Testing

@Suite struct StreamTests {
  private let id = TaskID(rawValue: 7)

  @Test func readsUpdates() async throws {
    let text = """
      : hello

      id: 1
      data: {"type":"log","message":"a"}

      data: {broken

      data: {"type":"ping"}

      id: 2
      event: status
      data: {"status":"COMPLETED"}

      data: [DONE]

      data: {"type":"log","message":"late"}


      """
    let client = try makeClient(ScriptedTransport(ScriptedTransport.answer(200, text)))
    var updates: [TaskUpdate] = []
    for try await update in try await client.updates(of: id) { updates.append(update) }
    #expect(updates.map(\.lastEventID) == ["1", "2"])
    #expect(updates.first?.events.first?.text == "a")
    #expect(updates.last?.status?.phase == .completed)
    #expect(updates.last?.events.map(\.isTaskStatus) == [true])
  }

  @Test func failsBeforeTheIteration() async throws {
    let client = try makeClient(ScriptedTransport(ScriptedTransport.answer(404, #"{"detail":"no task"}"#)))
    await #expect { try await client.updates(of: id) } throws: { ($0 as? BerayError)?.code == .notFound }
  }

  @Test func whatIsNoStreamIsRefused() async throws {
    for type in ["text/html", "application/json"] {
      let client = try makeClient(ScriptedTransport(ScriptedTransport.answer(200, "{}", [.contentType: type])))
      let error = try #require(
        await #expect(throws: BerayError.self) { _ = try await client.updates(of: id) })
      #expect(error.code == .invalidResponse)
      #expect(error.detail.contains(type))
    }
    let good = ScriptedTransport.answer(200, "data: 1\n\n", [.contentType: "Text/Event-Stream; charset=utf-8"])
    var iterator = try await makeClient(ScriptedTransport(good)).updates(of: id).makeAsyncIterator()
    #expect(try await iterator.next() != nil)
  }

  @Test func aSilentStreamTimesOut() async throws {
    let client = try makeClient(
      ScriptedTransport { _ in TransportResponse(status: 200, body: silentBody(after: "data: 1\n\n")) }
    ) {
      $0.timeouts.streamIdle = .milliseconds(30)
    }
    var iterator = try await client.updates(of: id).makeAsyncIterator()
    #expect(try await iterator.next() != nil)
    await #expect { try await iterator.next() } throws: { ($0 as? BerayError)?.code == .timedOut }
  }

  @Test func aSlowDownloadTimesOut() async throws {
    let client = try makeClient(
      ScriptedTransport { _ in TransportResponse(status: 200, body: silentBody(after: "some")) }
    ) {
      $0.timeouts.stall = .milliseconds(30)
    }
    let content = try await client.fileContent(of: id, path: "f")
    await #expect { try await content.body.collect(upTo: 99) } throws: { ($0 as? BerayError)?.code == .timedOut }
  }

  @Test func aSilentServerTimesOut() async throws {
    let client = try makeClient(ScriptedTransport(ScriptedTransport.silence)) {
      $0.timeouts = Timeouts(metadata: .milliseconds(20))
    }
    #expect(Timeouts(metadata: .seconds(20)).stall == .seconds(60))
    await #expect { try await client.tasks() } throws: { ($0 as? BerayError)?.code == .timedOut }
    await #expect { try await client.createTask(goal: "g") } throws: { ($0 as? BerayError)?.code == .timedOut }
    await #expect { try await client.uploadFile(to: id, path: "f", content: .bytes([1])) } throws: {
      ($0 as? BerayError)?.code == .timedOut
    }
    await #expect { try await client.archive(of: id) } throws: { ($0 as? BerayError)?.code == .timedOut }
  }

  @Test(arguments: 0..<4)
  func cancellationEndsEveryWait(_ number: Int) async throws {
    let (asked, signal) = AsyncStream.makeStream(of: Void.self)
    let step: ScriptedTransport.Step = { request async throws(BerayError) -> TransportResponse in
      signal.yield()
      if request.target.hasSuffix("stream") { return TransportResponse(status: 200, body: silentBody(after: "")) }
      return try await ScriptedTransport.silence(request)
    }
    let client = try makeClient(ScriptedTransport(describesItself: true, step))
    let id = id
    let calls: [@Sendable () async throws -> Void] = [
      { _ = try await client.tasks() }, { _ = try await client.capabilities() },
      { _ = try await client.uploadFile(to: id, path: "f", content: .bytes([1])) },
      { for try await _ in try await client.updates(of: id) {} },
    ]
    var events = asked.makeAsyncIterator()
    let task = Task { try await calls[number]() }
    _ = await events.next()
    task.cancel()
    await #expect { try await task.value } throws: { ($0 as? BerayError)?.code == .cancelled }
  }

  @Test func aLargeBodyIsNeverInMemory() async throws {
    let piece = [UInt8](repeating: 7, count: 1 << 20)
    let made = Mutex(0)
    let body = ByteStream {
      { () async throws(BerayError) in
        made.withLock { made in
          made += 1
          return made > 256 ? nil : piece
        }
      }
    }
    let client = try makeClient(ScriptedTransport { _ in TransportResponse(status: 200, body: body) })
    let content = try await client.fileContent(of: id, path: "f")
    var taken = 0
    var largestLead = 0
    for try await bytes in content.body {
      taken += bytes.count
      largestLead = max(largestLead, made.withLock { $0 } - taken >> 20)
    }
    #expect(taken == 256 << 20)
    #expect(largestLead <= 3)
  }

  @Test func lettingGoEndsTheTransfer() async throws {
    let (ended, signal) = AsyncStream.makeStream(of: Void.self)
    let body = ByteStream {
      { () async throws(BerayError) in
        await untilCancelled()
        signal.yield()
        return nil
      }
    }
    let client = try makeClient(ScriptedTransport { _ in TransportResponse(status: 200, body: body) })
    do {
      let content = try await client.fileContent(of: id, path: "f")
      _ = content.body.makeAsyncIterator()
    }
    var events = ended.makeAsyncIterator()
    #expect(await events.next() != nil)
  }

  @Test func capabilitiesAreAskedForOnce() async throws {
    let document = #"{"paths":{"/api/v1/tasks/{id}/files/move":{"post":{}}}}"#
    let transport = ScriptedTransport(
      describesItself: true, ScriptedTransport.failure(.hostUnreachable), ScriptedTransport.answer(200, document))
    let client = try makeClient(transport) { $0.retries = 0 }
    await #expect(throws: BerayError.self) { try await client.capabilities() }
    await withTaskGroup { group in
      for _ in 0..<10 { group.addTask { await #expect(throws: Never.self) { try await client.capabilities() } } }
    }
    #expect(try await client.capabilities() == .move)
    #expect(transport.requests.map(\.target) == ["/openapi.json", "/openapi.json"])
    for answer in [
      ScriptedTransport.answer(404), ScriptedTransport.answer(405), ScriptedTransport.answer(302),
      ScriptedTransport.answer(200, "<html>"),
    ] {
      let bare = ScriptedTransport(describesItself: true, answer)
      let client = try makeClient(bare)
      #expect(try await client.capabilities().isEmpty)
      #expect(try await client.capabilities().isEmpty)
      #expect(bare.requests.count == 1)
    }
  }

  @Test(arguments: [500, 429, 401, 403, 503])
  func anErrorDoesNotTellWhatAServerOffers(status: Int) async throws {
    let document = #"{"paths":{"/api/v1/tasks/{id}/files/move":{"post":{}}}}"#
    let transport = ScriptedTransport(
      describesItself: true, ScriptedTransport.answer(status), ScriptedTransport.answer(200, document))
    let client = try makeClient(transport) {
      $0.retries = 0
      $0.capabilitiesFailureLifetime = .zero
    }
    await #expect { try await client.capabilities() } throws: { ($0 as? BerayError)?.status == status }
    #expect(try await client.capabilities() == .move)
    // In the meantime the server is spared.
    let spared = ScriptedTransport(
      describesItself: true, ScriptedTransport.answer(status), ScriptedTransport.answer(200, document))
    let patient = try makeClient(spared) { $0.retries = 0 }
    for _ in 0..<3 { await #expect(throws: BerayError.self) { try await patient.capabilities() } }
    #expect(spared.requests.count == 1)
    patient.forgetCapabilities()
    #expect(try await patient.capabilities() == .move)
  }

  @Test func whatAServerOffersCanBeAskedAnew() async throws {
    let document = #"{"paths":{"/api/v1/tasks/{id}/files/move":{"post":{}}}}"#
    let client = try makeClient(
      ScriptedTransport(describesItself: true, ScriptedTransport.answer(404), ScriptedTransport.answer(200, document)))
    #expect(try await client.capabilities().isEmpty)
    client.forgetCapabilities()
    #expect(try await client.capabilities() == .move)
  }
}

/// A body that gives `text`, then nothing, and does not end.
private func silentBody(after text: String) -> ByteStream {
  ByteStream {
    var rest: [UInt8]? = text.isEmpty ? nil : Array(text.utf8)
    return { () async throws(BerayError) in
      if let piece = rest.take() { return piece }
      await untilCancelled()
      throw BerayError(.cancelled, detail: "", operation: "test")
    }
  }
}
