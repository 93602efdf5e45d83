import BerayAPI
import Foundation
import LinuxSystem
import Logging
import SystemPackage
import Testing

@testable import BerayServer

/// What a request writes goes into the file that is there, as on a local disk.
@Suite(.timeLimit(.minutes(5))) struct InPlaceTests {
  static func inode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
  }

  @Test func anUploadKeepsTheFileItsModeAndItsLinks() async throws {
    try await FileTests.withFiles("printf 'old content' > f; chmod 750 f; ln f hard; mkdir d; ln -s ../f d/soft") {
      (server: TestServer, id: Int64, files: String) async throws in
      let path = server.workDirectory(id) + "/f"
      let inode = try Self.inode(path)
      for (target, text) in [("f", "new"), ("d/soft", "through the link"), ("hard", "")] {
        #expect(try await server.client.put(files + "content?path=\(target)", Array(text.utf8)).status == 200)
        #expect(try await server.client.get(files + "content?path=f").text == text)
        #expect(try Self.inode(path) == inode)
      }
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o750)
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/tmp").isEmpty)
    }
  }

  @Test func aReadOnlyFileIsReplacedAndStaysReadOnly() async throws {
    try await FileTests.withFiles("printf old > f; chmod 444 f") {
      (server: TestServer, id: Int64, files: String) async throws in
      #expect(try await server.client.put(files + "content?path=f", Array("new".utf8)).status == 200)
      #expect(try await server.client.get(files + "content?path=f").text == "new")
      let path = server.workDirectory(id) + "/f"
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o444)
    }
  }

  @Test func anAgentThatHasItsLogOpenGoesOn() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let goal = """
        mkfifo go; exec 3>>log; for i in $(seq 20); do echo line $i >&3; done
        echo ready; read x < go; for i in $(seq 20); do echo more $i >&3; done
        """
      let id = try await server.createTask(goal)
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(id)/stream")
      _ = try await stream.read(until: "ready")
      let append = try await server.client.send(
        "POST", "/api/v1/tasks/\(id)/files/append?path=log", body: Array("note\n".utf8))
      #expect(append.status == 200)
      try await offCooperativePool {
        try "x\n".write(toFile: server.workDirectory(id) + "/go", atomically: false, encoding: .utf8)
      }
      _ = try await stream.read(until: "COMPLETED")
      let lines = try await server.client.get("/api/v1/tasks/\(id)/files/content?path=log").text.split(separator: "\n")
      #expect(lines.count == 41)
      #expect(lines[20] == "note")
    }
  }

  @Test func aDatabaseThatAnAgentHasOpenIsReplacedUnderIt() async throws {
    let goal = """
      import sqlite3, shutil, os
      c = sqlite3.connect("f.db"); c.execute("create table t (x)"); c.execute("insert into t values ('old')"); c.commit(); c.close()
      shutil.copy("f.db", "new.db")
      c = sqlite3.connect("new.db"); c.execute("update t set x = 'new'"); c.commit(); c.close()
      os.mkfifo("go"); c = sqlite3.connect("f.db"); print(c.execute("select x from t").fetchall(), flush=True)
      open("go").read()
      print(c.execute("select x from t").fetchall()); c.execute("insert into t values ('more')"); c.commit()
      print(c.execute("select x from t").fetchall())
      """
    try await TestServer.run(agent: AgentCommand(arguments: ["python3", "{goal_file}"])) {
      (server: TestServer) async throws in
      let id = try await server.createTask(goal)
      let stream = try await server.client.open("GET", "/api/v1/tasks/\(id)/stream")
      _ = try await stream.read(until: "[('old',)]")
      let files = "/api/v1/tasks/\(id)/files/content?path="
      let other = try await server.client.get(files + "new.db").body
      #expect(try await server.client.put(files + "f.db", other).status == 200)
      try await offCooperativePool {
        try "x\n".write(toFile: server.workDirectory(id) + "/go", atomically: false, encoding: .utf8)
      }
      let rest = try await stream.read(until: "COMPLETED")
      #expect(rest.contains("[('new',)]"))
      #expect(rest.contains("[('new',), ('more',)]"))
    }
  }

  @Test func aReaderOfTheOldVersionBreaksOff() async throws {
    try await FileTests.withFiles { (server: TestServer, _: Int64, files: String) async throws in
      let size = 64 << 20
      let path = files + "content?path=big"
      #expect(try await server.client.put(path, [UInt8](repeating: 1, count: size)).status == 200)
      let reader = try await server.client.open("GET", path)
      var bytes = try await offCooperativePool { try reader.read() ?? [] }
      #expect(try await server.client.put(path, [UInt8](repeating: 2, count: size)).status == 200)
      // What the sockets hold comes still; then the connection ends before the length that was promised.
      bytes += (try? await offCooperativePool { try reader.readAll() }) ?? []
      let end = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }) + 4
      #expect(bytes.count - end < size)
      #expect(!bytes[end...].contains(2))
      #expect(try await server.client.get(path).body == [UInt8](repeating: 2, count: size))
    }
  }

  @Test func appendsOfManyAreAllThere() async throws {
    try await FileTests.withFiles { (server: TestServer, _: Int64, files: String) async throws in
      let path = files + "append?path=new/log"
      let offsets = try await withThrowingTaskGroup(of: Int64?.self) { group in
        for writer in 0..<4 {
          group.addTask {
            var last: Int64?
            for line in 0..<25 {
              let body = Array("writer \(writer) line \(line)\n".utf8)
              last = try await server.client.send("POST", path, body: body).json["offset"]?.intValue
            }
            return last
          }
        }
        var all: [Int64?] = []
        for try await offset in group { all.append(offset) }
        return all
      }
      #expect(Set(offsets).count == 4 && !offsets.contains(nil))
      let lines = try await server.client.get(files + "content?path=new/log").text.split(separator: "\n")
      #expect(Set(lines).count == 100 && lines.count == 100)
    }
  }

  @Test func anAppendTellsWhereItLandedAndIsDoneOnceForAKey() async throws {
    try await FileTests.withFiles("printf 12345 > f; mkdir d; mkfifo p") {
      (server: TestServer, _: Int64, files: String) async throws in
      func append(_ path: String, _ text: String, _ headers: [String: String] = [:]) async throws -> TestResponse {
        try await server.client.send(
          "POST", files + "append?path=\(path)", headers: headers, body: Array(text.utf8))
      }
      let first = try await append("f", "ab", ["Idempotency-Key": "k"])
      #expect(first.json["offset"] == 5)
      #expect(first.json["size"] == 7)
      #expect(first.json["etag"] != nil && first.json["mode"]?.intValue == 0o644)
      let again = try await append("f", "ab", ["Idempotency-Key": "k"])
      #expect(again.json == first.json)
      #expect(try await append("f", "other", ["Idempotency-Key": "k"]).status == 422)
      #expect(try await append("f", "x", ["If-Match": "\"other\""]).status == 412)
      #expect(try await append("f", "x", ["If-None-Match": "*"]).status == 412)
      #expect(try await append("none/f", "x", ["If-Match": "\"other\""]).status == 412)
      #expect(try await server.client.get(files + "tree?path=none").status == 404)
      #expect(try await server.client.get(files + "content?path=f").text == "12345ab")
      #expect(try await append("d", "x").status == 409)
      #expect(try await append("p", "x").status == 400)
      #expect(try await append("../f", "x").status == 400)
      let large = String(repeating: "0123456789", count: 300_000)
      #expect(try await append("large", large).json["offset"] == 0)
      #expect(try await append("large", large).json["offset"] == 3_000_000)
      #expect(try await server.client.get(files + "content?path=large").body == Array((large + large).utf8))
    }
  }

  @Test func aRefusedUploadLeavesNoDirectories() async throws {
    try await FileTests.withFiles { (server: TestServer, _: Int64, files: String) async throws in
      let path = files + "content?path=a/b/f"
      #expect(try await server.client.put(path, [1], headers: ["If-Match": "\"x\""]).status == 412)
      #expect(try await server.client.get(files + "tree").json == [])
    }
  }

  @Test func aCopyThatACrashCutShortIsCompletedAtTheStart() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let id = try await TestServer.run(dataDirectory: directory) { try await $0.runTask("printf 'half old' > f").id }
    let target = directory + "/tasks/\(id)/work/f"
    do {
      let spool = directory + "/tmp/upload-7"
      try "the whole new content".write(toFile: spool, atomically: false, encoding: .utf8)
      let inode = try #require(try Self.inode(target))
      try "\(id) \(inode) f\n".write(toFile: spool + ".target", atomically: false, encoding: .utf8)
      // One that was not written to its end: its copy was not begun.
      try "\(id) \(inode) f".write(toFile: directory + "/tmp/upload-8.target", atomically: false, encoding: .utf8)
    }
    let inode = try Self.inode(target)
    try await TestServer.run(dataDirectory: directory) { (server: TestServer) async throws in
      #expect(try await server.client.get("/api/v1/tasks/\(id)/files/content?path=f").text == "the whole new content")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/tmp").isEmpty)
    }
    #expect(try Self.inode(target) == inode)
  }

  @Test func aLockIsForgottenWithItsLastHolder() throws {
    let guards = FileGuards()
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let file = try OwnedDescriptor.open(path: directory, flags: O_RDONLY)
    do {
      let first = guards.file(try file.status())
      let version = try first.version()
      try first.holding {
        #expect(throws: FileBusy.self) { try first.version() }
        #expect(throws: FileBusy.self) { try guards.file(try file.status()).holding {} }
        #expect(first.isStill(version))
        first.replaceContent()
      }
      #expect(!first.isStill(version))
      #expect(guards.count == 1)
    }
    #expect(guards.count == 0)
  }

  @Test func answersAreForgottenInTime() async {
    let answers = RecentAnswers(limit: 4)
    func key(_ number: Int) -> RecentAnswers.Key { .init(account: 1, task: 1, text: "\(number)") }
    for number in 0..<20 {
      #expect(await answers.claim(key(number), fingerprint: 0) == .isNew)
      answers.finish(key(number), answer: [UInt8(number)])
    }
    #expect(await answers.claim(key(19), fingerprint: 0) == .answered([19]))
    #expect(await answers.claim(key(19), fingerprint: 1) == .isOther)
    #expect(await answers.claim(key(0), fingerprint: 0) == .isNew)
    async let second = answers.claim(key(0), fingerprint: 0)
    answers.finish(key(0), answer: nil)
    #expect(await second == .isNew)
  }
}
