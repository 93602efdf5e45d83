import BerayAPI
import Foundation
import LinuxSystem
import Testing

@testable import BerayServer

/// That nothing of an agent outlives its task, wherever it went.
@Suite(.timeLimit(.minutes(5))) struct AgentProcessTests {
  /// Starts a process in the way of the case, which writes its number into `pid`.
  struct Escape: Sendable, CustomTestStringConvertible {
    let name: String
    let script: String
    var testDescription: String { name }
  }

  static let escapes = [
    Escape(name: "background", script: "sleep 600 & echo $! > pid"),
    Escape(name: "setsid", script: "setsid sh -c 'echo $$ > pid; exec sleep 600' &"),
    Escape(name: "nohup", script: "nohup sleep 600 > /dev/null 2>&1 & echo $! > pid"),
    Escape(
      name: "double fork", script: "(setsid sh -c '(echo $(exec sh -c \"echo \\$PPID\") > pid; exec sleep 600) &' &)"),
    Escape(
      name: "another directory", script: "d=$PWD; (cd / && setsid sh -c \"echo \\$\\$ > $d/pid; exec sleep 600\" &)"),
  ]

  /// Where only the kernel's word of who adopted it tells whose a process is.
  static let nameless = Escape(
    name: "without an environment", script: "(setsid env -i /bin/sh -c 'echo $$ > pid; exec sleep 600' &)")

  private static let waitForPID = "\nwhile ! [ -s pid ]; do sleep 0.05; done\n"

  private func pid(_ server: TestServer, _ task: Int64) throws -> Int32 {
    let text = try String(contentsOfFile: server.workDirectory(task) + "/pid", encoding: .utf8)
    return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  private func runs(_ process: Int32) -> Bool { ProcessStatus(of: process)?.hasEnded == false }

  @Test func aProcessThatIsJustStartingAProgramIsFound() throws {
    for _ in 0..<50 {
      let mark = AgentMark(token: AgentMark.newToken(), workDirectory: "/nowhere")
      let variable = mark.entry.split(separator: "=").map(String.init)
      let child = try Spawn(
        executable: "sleep", arguments: ["sleep", "600"], environment: [variable[0]: variable[1]], leadsSession: true
      ).start()
      defer { ProcessHandle.reap(child) }
      let handle = try ProcessHandle(child)
      var processes = AgentProcesses(mark: mark, survivors: [])
      // Too early for the mark to be seen; the next look is to see it.
      _ = processes.look(in: try #require(ProcessStatus(of: child).map { [child: $0] }))
      processes.kill()
      let hasEnded = handle.hasEnded(within: .zero)
      #expect(hasEnded)
      if !hasEnded { try handle.send(SIGKILL) }
    }
  }

  @Test(arguments: escapes)
  func nothingIsLeftAtTheEnd(_ escape: Escape) async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let task = try await server.runTask(escape.script + Self.waitForPID + "exit 0")
      #expect(task.events.last?["status"] == "COMPLETED")
      #expect(!runs(try pid(server, task.id)))
    }
  }

  @Test(arguments: escapes)
  func nothingIsLeftAfterAStop(_ escape: Escape) async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let id = try await server.createTask("trap '' TERM; " + escape.script + Self.waitForPID + "echo ready; sleep 600")
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(id)/stream")
      _ = try await stream.read(until: "ready")
      let process = try pid(server, id)
      #expect(runs(process))
      _ = try await server.client.post("/api/v1/tasks/\(id)/stop")
      _ = try await stream.read(until: "STOPPED")
      #expect(!runs(process))
    }
  }

  @Test func nothingIsLeftAfterADelete() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let id = try await server.createTask(Self.escapes[1].script + Self.waitForPID + "echo ready; sleep 600")
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(id)/stream")
      _ = try await stream.read(until: "ready")
      let process = try pid(server, id)
      #expect(try await server.client.delete("/api/v1/tasks/\(id)").status == 200)
      #expect(!runs(process))
    }
  }

  @Test func othersLiveOn() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      // A person who looks at the work directory, and has copied all but the mark of the run.
      let other = Process()
      other.executableURL = URL(filePath: "/bin/sleep")
      other.arguments = ["600"]
      other.standardOutput = FileHandle.nullDevice
      other.standardError = FileHandle.nullDevice
      let long = try await server.createTask(Self.escapes[1].script + Self.waitForPID + "echo ready; sleep 600")
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(long)/stream")
      _ = try await stream.read(until: "ready")
      let neighbour = try pid(server, long)
      let work = server.workDirectory(long)
      other.currentDirectoryURL = URL(filePath: work)
      other.environment = ["BERAY_WORK_DIR": work, "BERAY_TASK_ID": String(long)]
      try other.run()
      // It inherits the signals that a thread of tasks blocks, SIGTERM among them.
      defer { kill(other.processIdentifier, SIGKILL) }
      _ = try await server.runTask(Self.escapes[1].script + Self.waitForPID + "exit 0")
      #expect(runs(neighbour))
      _ = try await server.client.delete("/api/v1/tasks/\(long)")
      #expect(!runs(neighbour))
      #expect(runs(other.processIdentifier))
    }
  }

  @Test(arguments: escapes + [nameless])
  func aServerOfItsOwnLeavesNothing(_ escape: Escape) async throws {
    try await ServerProcess.run { server in try await self.leavesNothing(escape, server) }
  }

  private func leavesNothing(_ escape: Escape, _ server: ServerProcess) async throws {
    let end = try await server.task(escape.script + Self.waitForPID + "exit 0")
    #expect(!runs(try server.pid(end)))
    let stopped = try await server.task(escape.script + Self.waitForPID + "echo ready; sleep 600", until: "ready")
    let process = try server.pid(stopped)
    #expect(runs(process))
    try await server.terminate()
    #expect(!runs(process))
  }

  @Test(arguments: escapes)
  func aKilledServersAgentsAreEndedByTheNext(_ escape: Escape) async throws {
    try await ServerProcess.run { server in try await self.areEndedByTheNext(escape, server) }
  }

  /// Nothing tells whose it is but that the server saw it with its parents.
  @Test func aKilledServersAgentsAreEndedByTheNextAlsoWithoutAnEnvironment() async throws {
    let script = "env -i setsid /bin/sh -c 'cd /; sleep 600' & echo $! > pid\n"
    try await ServerProcess.run { server in
      try await self.areEndedByTheNext(Escape(name: "slow", script: script), server) { process, task in
        let store = try Store(path: server.data + "/beray.sqlite")
        while try !store.interruptedRuns().contains(where: { run in
          run.task == task && run.survivors.contains { $0.id == process }
        }) {
          try await Task.sleep(for: .milliseconds(50))
        }
      }
    }
  }

  private func areEndedByTheNext(
    _ escape: Escape, _ server: ServerProcess, after wait: (Int32, Int64) async throws -> Void = { _, _ in }
  ) async throws {
    let task = try await server.task(escape.script + Self.waitForPID + "echo ready; sleep 600", until: "ready")
    let process = try server.pid(task)
    try await wait(process, task)
    try await server.kill()
    #expect(runs(process))
    try await TestServer.run(dataDirectory: server.data) { (next: TestServer) async throws in
      #expect(try await next.follow(task).last?["status"] == "FAILED")
    }
    #expect(!runs(process))
  }

  @Test func anAgentThatHasSaidItsResultIsNotWaitedFor() async throws {
    let script =
      #"echo '{"type":"result","result":"done","num_turns":1}'; trap 'exit 143' TERM; while :; do sleep 0.1; done"#
    try await TestServer.run(agent: AgentCommand(arguments: ["/bin/sh", "-c", script], format: .claude)) {
      (server: TestServer) async throws in
      let task = try await server.runTask("x")
      #expect(task.events.last?["status"] == "COMPLETED")
      #expect(try await server.client.get("/api/v1/tasks/\(task.id)").json["result"] == "done")
    }
  }
}

/// `beray-fs serve` in a process of its own.
struct ServerProcess: Sendable {
  let data: String
  let client: TestClient
  private let home = TestServer.temporaryDirectory()
  private let process = Process()

  /// - Parameter diskSize: of a file system for its home alone, as mount(8) takes it for tmpfs.
  init(
    agent: [String] = ["--agent", "shell"], environment: [String: String] = [:], diskSize: String? = nil
  ) async throws {
    data = home + "/data"
    let words = [RecoveryTests.program.path, "serve", "--port", "0", "--data", data] + agent
    let mount = "mount -t tmpfs -o size=$0 tmpfs \"$1\" && shift && exec \"$@\""
    let namespace = ["unshare", "--mount"] + (geteuid() == 0 ? [] : ["--map-root-user"])
    process.executableURL = URL(filePath: "/usr/bin/env")
    let before = diskSize.map { [home] in namespace + ["sh", "-c", mount, $0, home] } ?? []
    process.arguments = before + words
    process.environment = ["HOME": home, "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": home]
      .merging(environment) { _, given in given }
    let output = Foundation.Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let line = try await offCooperativePool {
      String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    }
    let port = try #require(Int(line.split(separator: "\n").first?.split(separator: ":").last ?? ""), "\(line)")
    // As the server itself sees it.
    let root = "/proc/\(process.processIdentifier)/root"
    client = TestClient(place: .port(port), token: try LocalToken.read(dataDirectory: root + data))
  }

  /// Creates a task and follows it until it says something; nil for its end.
  func task(_ goal: String, until text: String? = nil) async throws -> Int64 {
    let id = try #require(try await client.post("/api/v1/tasks/", ["goal": .string(goal)]).json["id"]?.intValue)
    let stream = try await client.open("GET", "/api/v1/tasks/\(id)/stream")
    _ = try await stream.read(until: text ?? "COMPLETED")
    return id
  }

  func pid(_ task: Int64) throws -> Int32 {
    let text = try String(contentsOfFile: data + "/tasks/\(task)/work/pid", encoding: .utf8)
    return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  func kill() async throws {
    Foundation.kill(process.processIdentifier, SIGKILL)
    try await waitUntilExit()
  }

  func terminate() async throws {
    Foundation.kill(process.processIdentifier, SIGTERM)
    try await waitUntilExit()
  }

  /// Not on the threads that the tests share.
  private func waitUntilExit() async throws {
    try await offCooperativePool { [process] in process.waitUntilExit() }
  }

  /// Runs a server for as long as `body` lasts.
  static func run(
    agent: [String] = ["--agent", "shell"], environment: [String: String] = [:], diskSize: String? = nil,
    _ body: (ServerProcess) async throws -> Void
  ) async throws {
    let server = try await ServerProcess(agent: agent, environment: environment, diskSize: diskSize)
    let result: Result<Void, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    if server.process.isRunning { try await server.kill() }
    try? FileManager.default.removeItem(atPath: server.home)
    try result.get()
  }
}
