import Beray
import BerayAPI
import HTTPTypes
import Synchronization
import Testing

/// Following a task over streams that drop.
@Suite(.timeLimit(.minutes(5))) struct FollowTests {
  /// A server of one task. Each stream gives some of its events, then breaks.
  private final class Server: BerayClient.Transport {
    struct State {
      /// What it lists, each an object.
      var events: [String]
      var status = "RUNNING"
      /// How its streams write an event.
      var message: @Sendable (String) -> String = { $0 }
      var hasIDs = true
      var declares = true
      /// How many events each stream gives at most.
      var perStream = 3
      /// Requests that find nobody.
      var outages = 0
      var streams = 0
      var lists = 0
      var resumedAfter: [String?] = []
    }

    let state: Mutex<State>

    init(_ count: Int, _ change: (inout State) -> Void = { _ in }) {
      var state = State(
        events: (1...count).map {
          #"{"id":\#($0),"type":"log","created_at":"2026-01-02T03:04:05Z","text":"e\#($0)"}"#
        })
      change(&state)
      self.state = Mutex(state)
    }

    func shutdown() async {}

    func execute(_ request: TransportRequest) async throws(BerayError) -> TransportResponse {
      let answer = state.withLock { state -> TransportResponse? in
        if state.outages > 0 {
          state.outages -= 1
          return nil
        }
        if request.target.hasSuffix("/openapi.json") { return Self.describe(state) }
        if request.target.hasSuffix("/stream") {
          return Self.stream(&state, after: request.headers.first { $0.name.canonicalName == "last-event-id" }?.value)
        }
        state.lists += 1
        let list = state.events.joined(separator: ",")
        return Self.answer(#"{"id":7,"goal":"g","status":"\#(state.status)","events":[\#(list)]}"#)
      }
      guard let answer else { throw BerayError(.connectionRefused, detail: "away", operation: request.operation) }
      return answer
    }

    private static func answer(_ text: String) -> TransportResponse {
      TransportResponse(status: 200, body: ByteStream(Array(text.utf8)))
    }

    private static func describe(_ state: State) -> TransportResponse {
      guard state.declares else { return TransportResponse(status: 404) }
      let stream = #"{"get":{"parameters":[{"in":"header","name":"Last-Event-ID"}]}}"#
      return answer(#"{"x-beray-events":1,"paths":{"/api/v1/tasks/{id}/stream":\#(stream)}}"#)
    }

    private static func stream(_ state: inout State, after id: String?) -> TransportResponse {
      state.streams += 1
      state.resumedAfter.append(id)
      let start = id.flatMap { Int($0) } ?? 0
      let end = min(
        state.events.count, (state.hasIDs ? start : 0) + state.perStream * (state.hasIDs ? 1 : state.streams))
      var text = ""
      for number in start..<max(start, end) {
        if state.hasIDs { text += "id: \(number + 1)\n" }
        text += "data: \(state.message(state.events[number]))\n\n"
      }
      if end == state.events.count { state.status = "COMPLETED" }
      return answer(text)
    }
  }

  private func follow(_ server: Server, patience: Duration = .seconds(60)) async throws -> [TaskEvent] {
    var configuration = BerayClient.Configuration()
    configuration.retries = 0
    configuration.pause = { _ in
      await Task.yield()
      try Task.checkCancellation()
    }
    let client = BerayClient(
      address: try ServerAddress(parsing: "http://localhost"), credentials: StaticCredentials(token: "t"),
      configuration: configuration, transport: server)
    var events: [TaskEvent] = []
    for try await event in client.follow(TaskID(rawValue: 7), patience: patience) { events.append(event) }
    return events
  }

  private static let final = #"{"id":11,"type":"status","created_at":"2026-01-02T03:04:06Z","status":"COMPLETED"}"#

  @Test func aDeclaredStreamIsResumedAndNeverListed() async throws {
    let server = Server(10) { $0.events.append(Self.final) }
    let events = try await follow(server)
    #expect(events.compactMap(\.id) == (1...11).map(String.init))
    #expect(events.last?.isTaskStatus == true && events.last?.status?.phase == .completed)
    #expect(server.state.withLock { $0.lists } == 0)
    #expect(server.state.withLock { $0.resumedAfter } == [nil, "3", "6", "9"])
  }

  @Test func whatTheAgentSaysIsOneEventEach() async throws {
    let lines = [
      #"{"id":1,"type":"heartbeat","text":"one"}"#, #"{"id":2,"type":"batch","events":[{"id":501,"text":"x"}]}"#,
      #"{"id":3,"type":"tool","task":{"status":"COMPLETED","name":"sub"}}"#, #"{"id":4,"type":"log","text":"end"}"#,
      #"{"id":5,"type":"status","status":"COMPLETED"}"#,
    ]
    let events = try await follow(Server(1) { $0.events = lines })
    #expect(events.map { $0.raw.serialized() } == lines)
  }

  @Test(arguments: [true, false], ["event", "message", "update"])
  func anUndeclaredServerIsFollowedByItsList(hasIDs: Bool, type: String) async throws {
    let server = Server(10) { state in
      state.declares = false
      state.hasIDs = hasIDs
      state.message = { #"{"type":"\#(type)","data":\#($0)}"# }
    }
    let events = try await follow(server)
    #expect(events.dropLast().compactMap(\.text) == (1...10).map { "e\($0)" })
    #expect(events.dropLast().map { $0.raw.serialized() } == server.state.withLock { $0.events })
    #expect(events.last?.isTaskStatus == true && events.last?.status?.phase == .completed)
  }

  @Test func aServerMayBeAwayForAWhile() async throws {
    let server = Server(4) { state in
      state.events.append(#"{"id":5,"type":"status","status":"COMPLETED"}"#)
      state.outages = 40
    }
    #expect(try await follow(server).count == 5)
  }

  @Test func patienceEnds() async throws {
    let server = Server(4) { $0.outages = .max }
    await #expect { try await follow(server, patience: .zero) } throws: {
      ($0 as? BerayError)?.code == .connectionRefused
    }
  }

  @Test func anUnknownTaskIsToldAtOnce() async throws {
    let transport = ScriptedTransport(ScriptedTransport.answer(404, #"{"detail":"Task not found"}"#))
    let client = try makeClient(transport)
    await #expect {
      for try await _ in client.follow(TaskID(rawValue: 7)) {}
    } throws: {
      ($0 as? BerayError)?.code == .notFound
    }
  }

  @Test func aServerWithoutStreamsIsAskedForTheTask() async throws {
    func task(_ status: String, _ count: Int) -> ScriptedTransport.Step {
      let events = (0..<count).map { #"{"text":"e\#($0)"}"# }.joined(separator: ",")
      return ScriptedTransport.answer(200, #"{"id":7,"status":"\#(status)","events":[\#(events)]}"#)
    }
    let transport = ScriptedTransport(
      ScriptedTransport.answer(200, "<html>", [.contentType: "text/html"]), task("RUNNING", 1), task("RUNNING", 2),
      task("FAILED", 3))
    var texts: [String?] = []
    for try await event in try makeClient(transport).follow(TaskID(rawValue: 7)) {
      texts.append(event.isTaskStatus ? event.status?.text : event.text)
    }
    #expect(texts == ["e0", "e1", "e2", "FAILED"])
  }

  @Test func lettingGoEndsTheStream() async throws {
    let (ended, signal) = AsyncStream.makeStream(of: Void.self)
    let body = ByteStream {
      var rest: [UInt8]? = Array("id: 1\ndata: {\"id\":1,\"text\":\"a\"}\n\n".utf8)
      return { () async throws(BerayError) in
        if let piece = rest.take() { return piece }
        await untilCancelled()
        signal.yield()
        return nil
      }
    }
    let transport = ScriptedTransport { request in
      request.target.hasSuffix("/stream")
        ? TransportResponse(status: 200, body: body)
        : TransportResponse(status: 200, body: ByteStream(Array(#"{"id":7,"status":"RUNNING","events":[]}"#.utf8)))
    }
    let client = try makeClient(transport)
    for try await event in client.follow(TaskID(rawValue: 7)) {
      #expect(event.text == "a")
      break
    }
    var events = ended.makeAsyncIterator()
    #expect(await events.next() != nil)
  }
}
