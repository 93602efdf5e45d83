import BerayAPI
import Foundation
import Testing

@testable import BerayServer

@Suite(.timeLimit(.minutes(5))) struct TaskTests {
  @Test func aTaskGoesFromRunningToCompletedAndTellsEveryLine() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let (id, events) = try await server.runTask("echo one; echo two >&2; printf last")
      #expect(events.first?["status"] == "RUNNING")
      #expect(events.last?["status"] == "COMPLETED")
      #expect(events.filter { $0["type"] == "stdout" }.map { $0["text"] } == ["one", "last"])
      #expect(events.filter { $0["type"] == "stderr" }.map { $0["text"] } == ["two"])
      #expect(events.compactMap { $0["id"]?.intValue } == Array(1...Int64(events.count)))
      let task = try await server.client.get("/api/v1/tasks/\(id)").json
      #expect(task["events"]?.arrayValue == events)
      #expect(task["exit_code"]?.intValue == 0)
    }
  }

  @Test func theListTellsEveryTaskAsItIs() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      #expect(try await server.client.get("/api/v1/tasks/").json == [])
      let goal = "echo \"a\\b\u{1}\u{301}é\" >&2\nexit 3"
      let ids = [try await server.runTask(":").id, try await server.runTask(goal).id]
      let list = try await server.client.get("/api/v1/tasks/").json.arrayValue ?? []
      #expect(list.map { $0["id"]?.intValue } == ids)
      #expect(list.last?["goal"]?.stringValue == goal)
      for (id, task) in zip(ids, list) {
        let alone = try await server.client.get("/api/v1/tasks/\(id)").json
        #expect(task.objectValue == alone.objectValue?.filter { $0.name != "events" })
      }
    }
  }

  @Test func anExitStatusAndASignalAreFailures() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let (id, events) = try await server.runTask("exit 3")
      #expect(events.last?["status"] == "FAILED")
      #expect(events.last?["exit_code"] == 3)
      #expect(try await server.client.get("/api/v1/tasks/\(id)").json["error"]?.stringValue?.contains("3") == true)
      #expect(try await server.runTask("kill -9 $$").events.last?["signal"] == 9)
    }
  }

  @Test func aMissingProgramFailsTheTaskAndSaysSo() async throws {
    try await TestServer.run(agent: AgentCommand(arguments: ["no-such-agent-here"])) {
      (server: TestServer) async throws in
      let last = try await server.runTask("x").events.last
      #expect(last?["status"] == "FAILED")
      #expect(last?["text"]?.stringValue?.contains("no-such-agent-here") == true)
    }
  }

  @Test func theGoalComesOnStdinWhateverItsSizeAndTheEnvironmentHasNoSecret() async throws {
    let script = "wc -c; env; pwd"
    try await TestServer.run(agent: AgentCommand(arguments: ["/bin/sh", "-c", script])) {
      $0.environment.merge(["SERVER_TEST_PASSED": "yes", "BERAY_TOKEN": "secret"]) { $1 }
      $0.agentEnvironment = ["SERVER_TEST_PASSED", "BERAY_TOKEN"]
    } _: { (server: TestServer) async throws in
      let id = try await server.createTask(String(repeating: "g", count: 300_000), tools: ["web"])
      let lines = try await server.follow(id).compactMap { $0["text"]?.stringValue }
      #expect(lines.first == "300000")
      #expect(lines.contains("BERAY_TASK_ID=\(id)"))
      #expect(lines.contains("BERAY_TOOLS=[\"web\"]"))
      #expect(lines.contains("SERVER_TEST_PASSED=yes"))
      #expect(!lines.contains { $0.contains("secret") })
      #expect(lines.last?.hasSuffix("/tasks/\(id)/work") == true)
    }
  }

  @Test func stopKillsTheWholeGroupAlsoWhereItIgnoresTerm() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let id = try await server.createTask(
        "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait; wait")
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(id)/stream")
      let text = try await stream.read(until: "stdout")
      let message = try #require(text.components(separatedBy: "data: ").last?.split(separator: "\n").first)
      let child = try #require(try JSON(parsing: String(message))["text"]?.intValue)
      #expect(kill(pid_t(child), 0) == 0)
      #expect(try await server.client.post("/api/v1/tasks/\(id)/stop").status == 200)
      _ = try await stream.read(until: "STOPPED")
      #expect(!FileManager.default.fileExists(atPath: "/proc/\(child)/cwd"))
    }
  }

  @Test func aChildLeftInTheBackgroundDoesNotHoldTheTask() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      #expect(try await server.runTask("sleep 1000 & echo done").events.last?["status"] == "COMPLETED")
    }
  }

  @Test func tasksBeyondTheLimitWaitAndAStoppedOneNeverStarts() async throws {
    try await TestServer.run {
      $0.maximumTasks = 1
    } _: { (server: TestServer) async throws in
      let first = try await server.createTask("sleep 1000")
      let second = try await server.createTask("echo second")
      let third = try await server.createTask("echo third")
      _ = try await server.client.post("/api/v1/tasks/\(second)/stop")
      #expect(try await server.follow(second).map { $0["status"] } == ["STOPPED"])
      #expect(try await server.client.get("/api/v1/tasks/\(third)").json["status"] == "PENDING")
      #expect(try await server.client.delete("/api/v1/tasks/\(first)").status == 200)
      #expect(try await server.follow(third).last?["status"] == "COMPLETED")
      #expect(try await server.client.get("/api/v1/tasks/\(first)").status == 404)
      #expect(!FileManager.default.fileExists(atPath: server.workDirectory(first)))
    }
  }

  @Test func sixteenTasksRunAtOnceAndTheNextOneWaits() async throws {
    let meeting = TestServer.temporaryDirectory()
    try FileManager.default.createDirectory(atPath: meeting, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: meeting) }
    try await TestServer.run { (server: TestServer) async throws in
      var ids: [Int64] = []
      for number in 1...17 {
        let wait = "while [ ! -e '\(meeting)/go' ]; do sleep 0.05; done"
        ids.append(try await server.createTask("echo > '\(meeting)/\(number)'; \(wait)"))
      }
      while try FileManager.default.contentsOfDirectory(atPath: meeting).count < 16 { await Task.yield() }
      #expect(try await server.client.get("/api/v1/tasks/\(ids[16])").json["status"] == "PENDING")
      #expect(FileManager.default.createFile(atPath: meeting + "/go", contents: nil))
      for id in ids { #expect(try await server.follow(id).last?["status"] == "COMPLETED") }
    }
  }

  @Test func aStreamResumesAfterTheLastEventAndEndsWithOneFinalStatus() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let (id, events) = try await server.runTask("for i in 1 2 3 4 5; do echo $i; done")
      for cut in 0..<events.count {
        let rest = try await server.follow(id, after: String(cut))
        #expect(rest == Array(events.dropFirst(cut)))
        #expect(rest.count { $0["status"] != nil && $0["status"] != "RUNNING" } == 1)
      }
      #expect(try await server.follow(id, after: String(events.count)).isEmpty)
    }
  }

  @Test func whatWasRunningWhenTheServerDiedIsKilledAndFailed() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let id = try await TestServer.run(dataDirectory: directory) { try await $0.runTask("echo x").id }
    // What a killed server leaves: the task runs in its books, and its agent in truth.
    let orphan = Process()
    orphan.executableURL = URL(filePath: "/usr/bin/env")
    let leader = "import os,time; os.getpgrp() == os.getpid() or os.setsid(); print(1, flush=True); time.sleep(1000)"
    orphan.arguments = ["python3", "-c", leader]
    let ready = Pipe()
    orphan.standardOutput = ready
    try orphan.run()
    _ = try ready.fileHandleForReading.read(upToCount: 1)
    let pid = orphan.processIdentifier
    let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    let start = stat.split(separator: ")").last!.split(separator: " ")[19]
    let sqlite = Process()
    sqlite.executableURL = URL(filePath: "/usr/bin/env")
    sqlite.arguments = [
      "python3", "-c",
      """
      import sqlite3, sys
      db = sqlite3.connect(sys.argv[1])
      db.execute("UPDATE tasks SET status='RUNNING', process_group=?, process_start=?, boot_id=?", sys.argv[2:])
      db.execute("DELETE FROM events WHERE id = 3")
      db.execute("UPDATE tasks SET last_event_id = 2")
      db.commit()
      """, directory + "/beray.sqlite", String(pid), String(start), BootID.current,
    ]
    try sqlite.run()
    try await offCooperativePool { sqlite.waitUntilExit() }
    try #require(sqlite.terminationStatus == 0)
    try await TestServer.run(dataDirectory: directory) { (server: TestServer) async throws in
      let events = try await server.follow(id)
      #expect(events.last?["status"] == "FAILED")
      #expect(events.count { $0["type"] == "status" } == 2)
    }
    try await offCooperativePool { orphan.waitUntilExit() }
    #expect(orphan.terminationReason == .uncaughtSignal)
  }

  @Test func aSecondServerOnOneDataDirectoryIsRefused() async throws {
    try await TestServer.run { (server: TestServer) async throws -> Void in
      _ = await #expect(throws: ServerError.dataDirectoryInUse(server.dataDirectory)) {
        _ = try await TestServer.run(dataDirectory: server.dataDirectory) { _ in true }
      }
    }
  }

  @Test func theDemonstrationSaysThatItIsOne() async throws {
    try await TestServer.run(agent: AgentPreset.named("demo")!.command()!) { (server: TestServer) async throws in
      let (id, events) = try await server.runTask("say \"hello\"")
      #expect(events.contains { $0["text"]?.stringValue?.contains("demonstration") == true })
      #expect(events.last?["status"] == "COMPLETED")
      let plan = try await server.client.get("/api/v1/tasks/\(id)/files/content?path=plan.md").text
      #expect(plan.contains("say \"hello\""))
    }
  }
}
