import BerayAPI
import BerayServer
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct StreamTests {
  @Test(arguments: ["9223372036854775807", "1000", "-1", "-9223372036854775808", "99999999999999999999", "x"])
  func anIDOfNoEventBeginsAtTheStart(_ id: String) async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let (task, events) = try await server.runTask("echo one")
      #expect(try await server.follow(task, after: id) == events)
    }
  }

  @Test(arguments: ["0", "1", "9223372036854775807"])
  func whoFollowsATaskThatIsDeletedLearnsThatItEnded(_ id: String) async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let task = try await server.createTask("echo ready; sleep 1000")
      let stream = try await server.client.open(
        "GET", "/api/v1/tasks/\(task)/stream", headers: ["Last-Event-ID": id])
      _ = try await stream.read(until: "ready")
      #expect(try await server.client.delete("/api/v1/tasks/\(task)").status == 200)
      let rest = try await offCooperativePool { String(decoding: try stream.readAll(), as: UTF8.self) }
      #expect(rest.contains("\"status\":\"STOPPED\""))
      #expect(try await server.client.get("/health").status == 200)
    }
  }

  @Test func aQuietStreamGivesASignOfLife() async throws {
    let clock = SteppedClock()
    try await TestServer.run(clock: clock) {
      $0.maximumTasks = 1
    } _: { (server: TestServer) async throws in
      _ = try await server.createTask("sleep 1000")
      let waiting = try await server.createTask("echo never")
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(waiting)/stream")
      _ = try await stream.read(until: ": ping\n\n")
      for _ in 0..<3 {
        clock.step()
        #expect(try await stream.read(until: ": ping\n\n").contains(": ping"))
      }
    }
  }

  @Test func longTextsAreCutAndAllEventsAreTold() async throws {
    // Every byte of the text takes six in JSON, so these events are far more than one page.
    let line = "head -c 100000 /dev/zero | tr '\\0' '\\001'; echo"
    try await TestServer.run { (server: TestServer) async throws in
      let (id, events) = try await server.runTask("for i in 1 2 3 4 5 6 7 8 9; do \(line); done; echo last")
      #expect(events.count == 12)
      for event in events[1...9] {
        #expect(event["text"]?.stringValue?.utf8.count == 64 << 10)
        #expect(event["truncated"] == true)
      }
      #expect(events[10]["truncated"] == nil)
      let response = try await server.client.get("/api/v1/tasks/\(id)")
      #expect(response.headers["transfer-encoding"] == "chunked")
      #expect(response.json["events"]?.arrayValue == events)
      #expect(response.json["status"] == "COMPLETED")
    }
  }
}
