import Beray
import BerayAPI
import HTTPTypes
import Synchronization
import Testing

@Suite struct RetryTests {
  private let id = TaskID(rawValue: 7)

  @Test(arguments: [502, 503, 504])
  func repeatsGET(status: Int) async throws {
    let transport = ScriptedTransport(
      ScriptedTransport.answer(status), ScriptedTransport.failure(.connectionLost),
      ScriptedTransport.failure(.connectionRefused),
      ScriptedTransport.answer(200, "[]"))
    let client = try makeClient(transport)
    #expect(try await client.tasks().isEmpty)
    #expect(transport.requests.count == 4)
    #expect(client.statistics.requests == ["listTasks": 4])
    #expect(client.statistics.retries == 3)
    #expect(client.statistics.failures == 0)
  }

  @Test func repeatsWhatBrokeInItsBody() async throws {
    let broken: ScriptedTransport.Step = { _ in
      TransportResponse(
        status: 200,
        body: ByteStream {
          var rest: [UInt8]? = Array("[".utf8)
          return { () async throws(BerayError) in
            if let piece = rest.take() { return piece }
            throw BerayError(.connectionLost, detail: "scripted", operation: "test")
          }
        })
    }
    let get = ScriptedTransport(broken, ScriptedTransport.answer(200, "[]"))
    #expect(try await makeClient(get).tasks().isEmpty)
    #expect(get.requests.count == 2)
    let put = ScriptedTransport(broken, ScriptedTransport.answer(200, "{}"))
    _ = try await makeClient(put).uploadFile(to: id, path: "f", content: .bytes([1]))
    #expect(put.requests.count == 2)
    let post = ScriptedTransport(broken)
    await #expect(throws: BerayError.self) { try await makeClient(post).createTask(goal: "g") }
    #expect(post.requests.count == 1)
  }

  /// Each of its pieces takes nearly as long as an upload may stand still.
  @Test func anUploadThatMovedForLongAndBreaksIsSentAgain() async throws {
    let now = Mutex(ContinuousClock.now)
    let breaksLate: ScriptedTransport.Step = { request throws(BerayError) in
      guard case .stream(let body, _) = request.body else {
        throw BerayError(.invalidRequest, detail: "no stream", operation: "test")
      }
      for try await _ in body { now.withLock { $0 += .seconds(29) } }
      throw BerayError(.connectionLost, detail: "scripted", operation: request.operation)
    }
    let transport = ScriptedTransport(breaksLate, ScriptedTransport.answer(200, "{}"))
    let client = try makeClient(transport) {
      $0.timeouts.stall = .seconds(30)
      $0.now = { now.withLock(\.self) }
    }
    let content = UploadBody.bytes(Array(repeating: 1, count: 1 << 20))
    _ = try await client.uploadFile(to: id, path: "f", content: content)
    #expect(transport.requests.count == 2)

    // One that stood still for as long is given up.
    let standsStill: ScriptedTransport.Step = { request throws(BerayError) in
      now.withLock { $0 += .seconds(31) }
      throw BerayError(.connectionLost, detail: "scripted", operation: request.operation)
    }
    let other = ScriptedTransport(standsStill)
    let second = try makeClient(other) {
      $0.timeouts.stall = .seconds(30)
      $0.now = { now.withLock(\.self) }
    }
    await #expect(throws: BerayError.self) { try await second.uploadFile(to: id, path: "f", content: content) }
    #expect(other.requests.count == 1)
  }

  @Test(arguments: [ScriptedTransport.failure(.connectionLost), ScriptedTransport.answer(504)])
  func aRepeatedDeletionThatFindsNothingHasDoneItsWork(lost: @escaping ScriptedTransport.Step) async throws {
    let client = try makeClient(ScriptedTransport(lost, ScriptedTransport.answer(404)))
    try await client.removeFile(of: id, path: "f")
    let task = try makeClient(ScriptedTransport(lost, ScriptedTransport.answer(404)))
    try await task.deleteTask(id)
  }

  @Test func aDeletionThatNeverArrivedIsNoSuccess() async throws {
    let id = id
    for steps in [
      [ScriptedTransport.answer(404)], [ScriptedTransport.failure(.connectionRefused), ScriptedTransport.answer(404)],
    ] {
      let client = try makeClient(ScriptedTransport(steps))
      await #expect { try await client.deleteTask(id) } throws: { ($0 as? BerayError)?.code == .notFound }
    }
  }

  @Test func oneDeadlineHoldsForAllTries() async throws {
    let transport = ScriptedTransport(ScriptedTransport.answer(503), ScriptedTransport.silence)
    let client = try makeClient(transport) {
      $0.timeouts.metadata = .milliseconds(200)
      $0.retries = 1000
    }
    await #expect(throws: BerayError.self) { try await client.tasks() }
    #expect(transport.requests.count == 2)
  }

  @Test func givesUpAfterThreeRepeats() async throws {
    let transport = ScriptedTransport(ScriptedTransport.failure(.connectionLost))
    let client = try makeClient(transport)
    await #expect { try await client.tasks() } throws: { ($0 as? BerayError)?.code == .connectionLost }
    #expect(transport.requests.count == 4)
    #expect(client.statistics.failures == 1)
  }

  @Test(arguments: [500, 429, 404])
  func otherStatusesAreNotRepeated(status: Int) async throws {
    let transport = ScriptedTransport(ScriptedTransport.answer(status))
    await #expect(throws: BerayError.self) { try await makeClient(transport).tasks() }
    #expect(transport.requests.count == 1)
  }

  @Test func neverRepeatsPOST() async throws {
    for step in [ScriptedTransport.failure(.connectionLost), ScriptedTransport.answer(503)] {
      let transport = ScriptedTransport(step)
      await #expect(throws: BerayError.self) { try await makeClient(transport).createTask(goal: "g") }
      #expect(transport.requests.count == 1)
    }
  }

  @Test func opensTheUploadAnewForEachTry() async throws {
    let opened = Mutex(0)
    let content = UploadBody(length: 2) {
      opened.withLock { $0 += 1 }
      return ByteStream([1, 2])
    }
    let transport = ScriptedTransport(
      ScriptedTransport.answer(503), ScriptedTransport.answer(200, #"{"size":2}"#, [.eTag: "v"]))
    let receipt = try await makeClient(transport).uploadFile(to: id, path: "f", content: content)
    #expect(receipt.etag == "v")
    #expect(receipt.raw["size"]?.intValue == 2)
    #expect(opened.withLock { $0 } == 2)
  }

  @Test func waitsAsLongAsTheServerAsksWithinTheDeadline() async throws {
    let pauses = Mutex<[Duration]>([])
    let transport = ScriptedTransport(
      ScriptedTransport.answer(503, "{}", [.retryAfter: "2"]),
      ScriptedTransport.answer(503, "{}", [.retryAfter: "3600"]))
    let client = try makeClient(transport) { configuration in
      configuration.pause = { duration in pauses.withLock { $0.append(duration) } }
    }
    await #expect { try await client.tasks() } throws: { ($0 as? BerayError)?.retryAfter == ServerNumber.longestWait }
    #expect(pauses.withLock { $0 } == [.seconds(2)])
  }

  @Test func asksOnceForAnotherToken() async throws {
    let transport = ScriptedTransport(ScriptedTransport.answer(401), ScriptedTransport.answer(200, #"{"id":1}"#))
    let client = BerayClient(
      address: try ServerAddress(parsing: "http://localhost"), credentials: Renewing(next: "new"), transport: transport)
    #expect(try await client.createTask(goal: "g").id.rawValue == 1)
    #expect(transport.requests.map { $0.headers[.authorization] } == ["Bearer old", "Bearer new"])
  }

  @Test(arguments: ["old", "new"])
  func givesUpWhereNoTokenIsGood(next: String) async throws {
    let transport = ScriptedTransport(ScriptedTransport.answer(401))
    let client = BerayClient(
      address: try ServerAddress(parsing: "http://localhost"), credentials: Renewing(next: next), transport: transport)
    await #expect { try await client.tasks() } throws: { ($0 as? BerayError)?.code == .authentication }
    #expect(transport.requests.count == (next == "old" ? 1 : 2))
    await #expect(throws: BerayError.self) { try await client.login(email: "a", password: "b") }
    #expect(transport.requests.count == (next == "old" ? 2 : 3))
  }

  @Test func startsAServerWhereNoneListens() async throws {
    let starts = Mutex(0)
    let transport = ScriptedTransport(
      ScriptedTransport.failure(.connectionRefused), ScriptedTransport.answer(200, #"{"id":1}"#))
    let client = try makeClient(transport) { $0.onConnectionRefused = { starts.withLock { $0 += 1 } } }
    #expect(try await client.createTask(goal: "g").id.rawValue == 1)
    #expect(starts.withLock { $0 } == 1)
    let dead = try makeClient(ScriptedTransport(ScriptedTransport.failure(.connectionRefused))) {
      $0.onConnectionRefused = {
        starts.withLock { $0 += 1 }
        throw CancellationError()
      }
    }
    await #expect { try await dead.createTask(goal: "g") } throws: { ($0 as? BerayError)?.code == .connectionRefused }
    #expect(starts.withLock { $0 } == 2)
  }

  @Test func tokensStayOnTheMachineOrUnderTLS() async throws {
    let transport = ScriptedTransport(ScriptedTransport.answer(200, "[]"))
    await #expect { try await makeClient(transport, url: "http://h.example").tasks() } throws: {
      ($0 as? BerayError)?.code == .invalidRequest
    }
    await #expect(throws: BerayError.self) {
      try await makeClient(transport, token: nil, url: "http://h.example").login(email: "a", password: "p")
    }
    #expect(transport.requests.isEmpty)
    _ = try await makeClient(transport, url: "https://h.example/x").tasks()
    _ = try await makeClient(transport, url: "http://h.example") { $0.allowInsecureHTTP = true }.tasks()
    #expect(transport.requests.map(\.target) == ["/x/api/v1/tasks/", "/api/v1/tasks/"])
  }
}

private struct Renewing: CredentialProvider {
  var next: String

  func token() async -> String? { "old" }
  func renewedToken(rejecting rejected: String?) async -> String? { next }
  func store(_ session: Session) async {}
  func drop() async {}
}
