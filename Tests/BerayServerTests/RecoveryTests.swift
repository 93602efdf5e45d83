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
}
