import BerayAPI
import Dispatch
import Foundation
import GRDB
import LinuxSystem
import Logging
import Testing

@testable import BerayServer

/// What the runner does where the store fails it, and where it is asked for things out of order.
@Suite(.timeLimit(.minutes(5))) struct RunnerTests {
  /// A runner with a store of its own, and no server around them.
  struct Bed: Sendable {
    let directory = TestServer.temporaryDirectory()
    let log = CapturedLog()
    let store: Store
    let runner: TaskRunner
    let user: Int64

    init() async throws {
      let (directory, log) = (directory, log)
      store = try Store(path: directory + "/db")
      user = try #require(try await store.insertAccount(email: "a@b", passwordHash: nil)).id
      runner = TaskRunner(
        .init(command: .shell, grace: .milliseconds(300), retryPause: .milliseconds(10)), store: store, hub: EventHub(),
        paths: { Self.paths(directory, $0) },
        logger: Logger(label: "test") { _ in log })
    }

    static func paths(_ directory: String, _ task: Int64) -> TaskPaths {
      let own = directory + "/\(task)"
      return TaskPaths(directory: own, work: AgentDirectory(path: own + "/work", temporary: directory))
    }

    func task(_ goal: String) async throws -> Int64 {
      let id = try await store.insertTask(userID: user, goal: goal, tools: "null").id
      try Self.paths(directory, id).create(goal: goal)
      return id
    }

    /// Lets changes of tasks fail, as a full disk does.
    func fail(_ name: String, when condition: String) async throws {
      try await store.pool.write {
        try $0.execute(
          sql: "CREATE TRIGGER \(name) BEFORE UPDATE ON tasks WHEN \(condition) BEGIN SELECT RAISE(FAIL, 'full'); END")
      }
    }

    func processes(of id: Int64) -> [Int32] {
      ProcessStatus.allProcesses().filter {
        ProcessStatus.environment(of: $0, has: "BERAY_WORK_DIR=\(directory)/\(id)/work") == true
      }
    }

    func end() async {
      await runner.shutDown()
      try? FileManager.default.removeItem(atPath: directory)
    }
  }

  @Test func anEndThatCannotBeWrittenDownIsWrittenDownLater() async throws {
    let bed = try await Bed()
    try await bed.fail("full", when: "NEW.status = 'COMPLETED'")
    let id = try await bed.task("echo done")
    bed.runner.submit(id)
    await bed.log.first { $0.contains("cannot store its end") }
    #expect(bed.runner.isBusy)
    #expect(try bed.store.task(id)?.status == .running)
    try await bed.store.pool.write { try $0.execute(sql: "DROP TRIGGER full") }
    await bed.runner.waitUntilEnded(id)
    #expect(try bed.store.task(id)?.status == .completed)
    await bed.end()
  }

  @Test func anAgentThatCannotBeWrittenDownIsKilled() async throws {
    let bed = try await Bed()
    try await bed.fail("full", when: "NEW.process_group IS NOT NULL")
    let id = try await bed.task("sleep 1000")
    bed.runner.submit(id)
    await bed.runner.waitUntilEnded(id)
    #expect(try bed.store.task(id)?.status == .failed)
    #expect(bed.processes(of: id).isEmpty)
    await bed.end()
  }

  @Test func aTaskThatOnlyTheStoreKnowsIsStopped() async throws {
    let bed = try await Bed()
    let id = try await bed.task("echo never")
    try bed.runner.stop(id)
    #expect(try bed.store.task(id)?.status == .stopped)
    bed.runner.submit(id)
    await bed.runner.waitUntilEnded(id)
    #expect(try bed.store.task(id)?.lastEventID == 1)
    await bed.end()
  }

  @Test func aTaskStoppedBeforeItsAgentStartsHasNone() async throws {
    let bed = try await Bed()
    let id = try await bed.task("echo 1 > started")
    let (held, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    // While the writer of the store is busy, the task is about to be marked as running.
    let writing = Task {
      try await offCooperativePool {
        try bed.store.pool.write { _ in
          held.signal()
          release.wait()
        }
      }
    }
    try await offCooperativePool { held.wait() }
    bed.runner.submit(id)
    try bed.runner.stop(id)
    release.signal()
    try await writing.value
    await bed.runner.waitUntilEnded(id)
    #expect(try bed.store.task(id)?.status == .stopped)
    #expect(!FileManager.default.fileExists(atPath: bed.directory + "/\(id)/work" + "/started"))
    await bed.end()
  }

  @Test func whatAStoppedAgentLeavesBehindHasItsGraceToo() async throws {
    try await TestServer.run {
      $0.stopGrace = .seconds(20)
    } _: { (server: TestServer) async throws in
      let child = "trap 'sleep 0.3; echo cleaned; exit' TERM; echo ready; while :; do sleep 0.05; done"
      let id = try await server.createTask("trap 'exit 0' TERM; (\(child)) & wait")
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(id)/stream")
      _ = try await stream.read(until: "ready")
      #expect(try await server.client.post("/api/v1/tasks/\(id)/stop").status == 200)
      #expect(try await stream.read(until: "STOPPED").contains("cleaned"))
    }
  }

  @Test func aDeleteWaitsForNoLongGrace() async throws {
    try await TestServer.run {
      $0.stopGrace = .seconds(600)
    } _: { (server: TestServer) async throws in
      let id = try await server.createTask("trap '' TERM; echo ready; while :; do sleep 0.1; done")
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(id)/stream")
      _ = try await stream.read(until: "ready")
      _ = try await server.client.post("/api/v1/tasks/\(id)/stop")
      let start = ContinuousClock().now
      #expect(try await server.client.delete("/api/v1/tasks/\(id)").status == 200)
      #expect(start.duration(to: ContinuousClock().now) < .seconds(60))
    }
  }

  @Test func anAgentOfAPresetGetsItsKey() async throws {
    var agent = try #require(AgentPreset.named("claude")?.command())
    agent.arguments = ["/bin/sh", "-c", "env"]
    try await TestServer.run(agent: agent) {
      $0.environment["ANTHROPIC_API_KEY"] = "test-key"
    } _: { (server: TestServer) async throws in
      let lines = try await server.runTask("x").events.compactMap { $0["text"]?.stringValue }
      #expect(lines.contains("ANTHROPIC_API_KEY=test-key"))
    }
  }

  @Test func anAgentWaitsForRoomAndNothingIsLost() async throws {
    let bed = try await Bed()
    let id = try await bed.task(
      "i=0; while [ $i -lt 3000 ]; do echo \"line $i of those that fill the disk\"; i=$((i+1)); done")
    let pages = try await bed.store.pool.write { database -> Int in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages + 4)")
      return pages
    }
    bed.runner.submit(id)
    await bed.log.first { $0.contains("no space is left for events") }
    #expect(try bed.store.task(id)?.status == .running)
    try await bed.store.pool.write { try $0.execute(sql: "PRAGMA max_page_count = \(pages + 100_000)") }
    await bed.runner.waitUntilEnded(id)
    let lines = try await bed.store.pool.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM events WHERE json LIKE '%fill the disk%'")
    }
    #expect(lines == 3000)
    #expect(try bed.store.task(id)?.status == .completed)
  }

  @Test func aGapIsTold() async throws {
    let bed = try await Bed()
    let id = try await bed.task(":")
    #expect(try bed.store.markRunning(id, token: "token", agent: "shell"))
    let keeper = EventKeeper(
      store: bed.store, hub: EventHub(), pause: .milliseconds(1), logger: Logger(label: "test") { _ in bed.log })
    let pages = try await bed.store.pool.write { database -> Int in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages)")
      return pages
    }
    let long = AgentEvent(type: "stdout", text: String(repeating: "x", count: 60_000))
    keeper.keep([long, long], of: id) { _ in true }
    try await bed.store.pool.write { try $0.execute(sql: "PRAGMA max_page_count = \(pages + 1000)") }
    keeper.keep([AgentEvent(type: "stdout", text: "after")], of: id) { _ in true }
    let events = try #require(try await bed.store.events(of: id, after: 1)).events.map(\.json)
    #expect(events.count == 2)
    #expect(events[0].contains("\"gap\"") && events[0].contains("\"lost\":2"))
    #expect(events[1].contains("after"))
  }

  @Test func eventsHaveAQuotaAndADeletionGivesTheRoomBack() async throws {
    let bed = try await Bed()
    var store = bed.store
    store.eventQuota = 1 << 20
    let id = try await bed.task(":")
    #expect(try store.markRunning(id, token: "token", agent: "shell"))
    let event = AgentEvent(type: "stdout", text: String(repeating: "x", count: 1000))
    for _ in 0..<40 { try store.append(Array(repeating: event, count: 100), to: id) }
    try store.finish(id, TaskOutcome(status: .completed))
    let record = try #require(try store.task(id))
    #expect((900..<1100).contains(record.lastEventID))
    let last = try #require(try await store.events(of: id, after: record.lastEventID - 2)).events.map(\.json)
    #expect(last.count == 2)
    #expect(last[0].contains("truncated") && last[0].contains("1 MiB"))
    #expect(last[1].contains("COMPLETED"))
    func pages() async throws -> Int {
      try await store.pool.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
    }
    let before = try await pages()
    try await store.deleteTask(id)
    #expect(try store.task(id) == nil)
    while try store.removeDeleted() {}
    #expect(try await pages() < before / 2)
  }
}
