import BerayAPI
import BerayClient
import HTTPTypes
import Synchronization
import Testing

@testable import BerayCommand

@Suite struct TaskFollowerTests {
  /// A server whose streams and tasks go by a script.
  private final class Server: BerayClient.Transport {
    typealias Answer = @Sendable (TransportRequest) throws(BerayError) -> TransportResponse

    struct Script {
      /// The last answer of each is kept for all that follow.
      var streams: [Answer]
      var tasks: [Answer]
      var resumedAfter: [String?] = []
    }

    let script: Mutex<Script>

    init(streams: [Answer], tasks: [Answer]) { script = Mutex(Script(streams: streams, tasks: tasks)) }

    func execute(_ request: TransportRequest) async throws(BerayError) -> TransportResponse {
      if request.target.hasSuffix("/openapi.json") { return TransportResponse(status: 404) }
      let answer = script.withLock { script in
        guard request.target.hasSuffix("stream") else { return Self.next(&script.tasks) }
        script.resumedAfter.append(request.headers.first { $0.name.canonicalName == "last-event-id" }?.value)
        return Self.next(&script.streams)
      }
      return try answer(request)
    }

    func shutdown() async {}

    private static func next(_ answers: inout [Answer]) -> Answer {
      answers.count > 1 ? answers.removeFirst() : answers[0]
    }

    static func task(_ status: String) -> Answer {
      { _ in TransportResponse(status: 200, body: ByteStream(Array(#"{"id":7,"status":"\#(status)"}"#.utf8))) }
    }

    /// An open stream that gives `text`, then fails.
    static func stream(_ text: String, then code: BerayError.Code) -> Answer {
      { request in
        TransportResponse(
          status: 200,
          body: ByteStream {
            var rest: [UInt8]? = Array(text.utf8)
            return { () async throws(BerayError) in
              if let piece = rest.take() { return piece }
              throw BerayError(code, detail: "scripted", operation: request.operation)
            }
          })
      }
    }

    static func failure(_ code: BerayError.Code) -> Answer {
      { request throws(BerayError) in throw BerayError(code, detail: "scripted", operation: request.operation) }
    }
  }

  private func follow(_ server: Server, patience: Patience = Patience()) async throws -> (
    status: String, texts: [String]
  ) {
    var configuration = BerayClient.Configuration()
    configuration.retries = 0
    let client = BerayClient(
      address: try ServerAddress(parsing: "http://localhost"), credentials: StaticCredentials(token: "t"),
      configuration: configuration, transport: server)
    var texts: [String] = []
    let follower = TaskFollower(
      client: client, id: TaskID(rawValue: 7), pause: { try Task.checkCancellation() },
      patience: patience)
    let task = try await follower.follow { update in texts += update.events.compactMap(\.text) }
    return (task.status.text, texts)
  }

  @Test(arguments: [BerayError.Code.timedOut, .connectionLost])
  func anOpenStreamMayBreakAnyNumberOfTimes(code: BerayError.Code) async throws {
    let running = Array(repeating: Server.task("RUNNING"), count: 9)
    let server = Server(
      streams: (1...10).map { Server.stream("id: \($0)\ndata: \"e\($0)\"\n\n", then: code) },
      tasks: running + [Server.task("COMPLETED")])
    let (status, texts) = try await follow(server)
    #expect(status == "COMPLETED")
    #expect(texts == (1...10).map { "e\($0)" })
    #expect(server.script.withLock { $0.resumedAfter } == [nil] + (1...9).map { "\($0)" })
  }

  @Test func aServerOutOfReachIsWaitedFor() async throws {
    let server = Server(streams: [Server.failure(.connectionRefused)], tasks: [Server.task("RUNNING")])
    await #expect { try await follow(server, patience: Patience(limit: .zero)) } throws: {
      ($0 as? BerayError)?.code == .connectionRefused
    }
    #expect(server.script.withLock { $0.resumedAfter.count } == 1)
    let back = Server(
      streams: Array(repeating: Server.failure(.timedOut), count: 50) + [
        Server.stream("data: \"a\"\n\n", then: .timedOut)
      ],
      tasks: [Server.failure(.connectionLost), Server.task("COMPLETED")])
    #expect(try await follow(back).texts == ["a"])
  }

  @Test func patienceLastsForAMinuteAndAHalf() {
    let start = ContinuousClock.now
    let away = BerayError(.connectionRefused, detail: "", operation: "GET tasks/1")
    let gone = BerayError(.notFound, detail: "", operation: "GET tasks/1")
    var patience = Patience()
    let tries = [Duration.zero, .seconds(89), .seconds(91)].map { patience.allows(away, now: start + $0) }
    #expect(tries == [true, true, false])
    patience.succeeded()
    let again = [away, gone].map { patience.allows($0, now: start + .seconds(92)) }
    #expect(again == [true, false])
  }

  @Test func aServerWithoutStreamsIsAskedForTheTask() async throws {
    let server = Server(
      streams: [
        { _ in
          TransportResponse(status: 200, headers: [.contentType: "text/html"], body: ByteStream(Array("<html>".utf8)))
        }
      ],
      tasks: [Server.task("RUNNING"), Server.task("RUNNING"), Server.task("FAILED")])
    #expect(try await follow(server).status == "FAILED")
    #expect(server.script.withLock { $0.resumedAfter.count } == 1)
  }
}
