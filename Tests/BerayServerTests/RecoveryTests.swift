import BerayAPI
import BerayServer
import Foundation
import GRDB
import Testing

@Suite(.timeLimit(.minutes(5))) struct RecoveryTests {
  /// The built program, beside the bundle of the tests.
  static var program: URL {
    let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = URL(filePath: executable).deletingLastPathComponent().appending(path: "beray-fs")
    return FileManager.default.isExecutableFile(atPath: beside.path) ? beside : URL(filePath: ".build/debug/beray-fs")
  }

  @Test func theTasksOfAKilledServerAreEndedByTheNextOne() async throws {
    let home = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: home) }
    let data = home + "/data"
    let server = Process()
    server.executableURL = Self.program
    server.arguments = ["serve", "--agent", "shell", "--port", "0", "--data", data]
    server.environment = ["HOME": home, "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": home]
    let output = Pipe()
    server.standardOutput = output
    server.standardError = FileHandle.nullDevice
    try server.run()
    let line = try await offCooperativePool {
      String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    }
    let port = try #require(Int(line.split(separator: "\n")[0].split(separator: ":").last ?? ""), "\(line)")
    let client = TestClient(place: .port(port), token: try LocalToken.read(dataDirectory: data))

    var tasks: [(id: Int64, process: pid_t)] = []
    for goal in ["echo $$; sleep 1000", "sleep 1000 & echo $!; wait"] {
      let id = try #require(try await client.post("/api/v1/tasks/", ["goal": .string(goal)]).json["id"]?.intValue)
      let stream = try await client.open("GET", "/api/v1/tasks/\(id)/stream")
      let text = try await stream.read(until: "stdout")
      let message = try #require(text.components(separatedBy: "data: ").last?.split(separator: "\n").first)
      tasks.append(
        (id, pid_t(try #require(try JSON(parsing: String(message))["text"]?.stringValue.flatMap(Int32.init)))))
    }
    kill(server.processIdentifier, SIGKILL)
    try await offCooperativePool { server.waitUntilExit() }
    for task in tasks { #expect(FileManager.default.fileExists(atPath: "/proc/\(task.process)/cwd")) }
    // As if the server had ended before it wrote down the group of the second: its work directory alone tells what is its.
    let second = tasks[1].id
    try await DatabaseQueue(path: data + "/beray.sqlite").write {
      try $0.execute(
        sql: "UPDATE tasks SET process_group = NULL, process_start = NULL WHERE id = ?", arguments: [second])
    }

    try await TestServer.run(dataDirectory: data) { [tasks] (server: TestServer) async throws in
      for task in tasks {
        #expect(try await server.follow(task.id).last?["status"] == "FAILED")
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(task.process)/cwd"))
      }
      #expect(try await server.runTask("echo on").events.last?["status"] == "COMPLETED")
    }
  }

  @Test func aServerThatIsAskedToEndTellsItsReadersHowTheirTasksEnded() async throws {
    try await ServerProcess.run { server in
      let body: JSON = ["goal": "echo begun; sleep 600"]
      let id = try #require(try await server.client.post("/api/v1/tasks/", body).json["id"]?.intValue)
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(id)/stream")
      _ = try await stream.read(until: "begun")
      async let rest = stream.read(until: "STOPPED")
      try await server.terminate()
      #expect(try await rest.contains("the server was shut down"))
    }
  }

  /// In a file system of 6 MiB.
  @Test func aFullDiskIsToldAsSuchAndTakesNothing() async throws {
    try await ServerProcess.run(diskSize: "6m") { server in
      let id = try await server.task("exit 0")
      let content = "/api/v1/tasks/\(id)/files/content?path="
      let old = [UInt8](repeating: 0x61, count: 3 << 20)
      #expect(try await server.client.put(content + "big", old).status == 200)
      var statuses: [Int] = []
      for number in 0..<6 {
        statuses.append(
          try await server.client.put(content + "\(number)", [UInt8](repeating: 0, count: 1 << 20)).status)
      }
      #expect(Set(statuses) == [200, 507] && statuses.last == 507, "\(statuses)")
      let new = [UInt8](repeating: 0x62, count: 3 << 20)
      #expect(try await server.client.put(content + "big", new).status == 507)
      #expect(
        try await server.client.send("POST", "/api/v1/tasks/\(id)/files/append?path=big", body: new).status == 507)
      let kept = try await server.client.get(content + "big")
      #expect(kept.status == 200 && kept.text.utf8.elementsEqual(old))
      #expect(try await server.client.delete(content + "0").status == 200)
      #expect(try await server.client.put(content + "0", [1]).status == 200)
    }
  }
}
