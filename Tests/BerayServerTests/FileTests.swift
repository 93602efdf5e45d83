import BerayAPI
import Foundation
import Testing
import ZipArchive

@Suite(.timeLimit(.minutes(5))) struct FileTests {
  /// Runs a task that ends at once and hands over its files' URL prefix.
  static func withFiles(
    _ goal: String = ":", _ body: @escaping @Sendable (TestServer, Int64, String) async throws -> Void
  ) async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let id = try await server.runTask(goal).id
      try await body(server, id, "/api/v1/tasks/\(id)/files/")
    }
  }

  @Test func anUploadComesBackAndItsVersionIsTold() async throws {
    try await Self.withFiles { (server: TestServer, _: Int64, files: String) async throws in
      let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 5) }
      let put = try await server.client.put(files + "content?path=a/b/f.bin", bytes)
      #expect(put.status == 200)
      #expect(put.json["size"] == 3_000_000)
      let got = try await server.client.get(files + "content?path=a/b/f.bin")
      #expect(got.body == bytes)
      #expect(got.headers["etag"] == put.headers["etag"])
      #expect(got.headers["content-length"] == "3000000")
      let known = ["If-None-Match": put.headers["etag"]!]
      #expect(try await server.client.get(files + "content?path=a/b/f.bin", headers: known).status == 304)
      let tree = try await server.client.get(files + "tree?recursive=true").json.arrayValue ?? []
      let entry = tree.first?["children"]?.arrayValue?.first?["children"]?.arrayValue?.first
      #expect(entry?["path"] == "a/b/f.bin")
      #expect(entry?["size"] == 3_000_000)
      #expect(entry?["mode"]?.intValue == 0o644)
      #expect(entry?["etag"]?.stringValue == put.headers["etag"])
      #expect(entry?["modified"] == put.json["modified"])
    }
  }

  @Test(arguments: [
    ("bytes=0-0", 206, "0"), ("bytes=2-4", 206, "234"), ("bytes=7-", 206, "789"), ("bytes=-3", 206, "789"),
    ("bytes=5-100", 206, "56789"), ("bytes=10-", 416, ""), ("bytes=-0", 416, ""), ("bytes=4-2", 200, "0123456789"),
    ("bytes=0-1,3-4", 200, "0123456789"), ("lines=1-2", 200, "0123456789"),
  ])
  func ranges(_ header: String, _ status: Int, _ text: String) async throws {
    try await Self.withFiles("printf 0123456789 > f") { (server: TestServer, _: Int64, files: String) async throws in
      let response = try await server.client.get(files + "content?path=f", headers: ["Range": header])
      #expect(response.status == status)
      if status != 416 { #expect(response.text == text) }
    }
  }

  @Test func conditionsOfAnUpload() async throws {
    try await Self.withFiles("printf old > f; chmod 755 f") {
      (server: TestServer, id: Int64, files: String) async throws in
      let path = files + "content?path=f"
      let etag = try await server.client.get(path).headers["etag"]!
      let wrong = ["If-Match": "\"other\""]
      #expect(try await server.client.put(path, [1], headers: wrong).status == 412)
      #expect(try await server.client.put(path, [1], headers: ["If-None-Match": "*"]).status == 412)
      #expect(try await server.client.get(path).text == "old")
      #expect(try await server.client.put(path, [1], headers: ["If-Match": etag]).status == 200)
      let mode = try FileManager.default.attributesOfItem(atPath: server.workDirectory(id) + "/f")[.posixPermissions]
      #expect(mode as? Int == 0o755)
      // The answer may come before the spool has gone.
      let temporary = server.dataDirectory + "/tmp"
      while try !FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty { await Task.yield() }
    }
  }

  @Test func conditionsOfNewAttributes() async throws {
    try await Self.withFiles("printf old > f; chmod 644 f") {
      (server: TestServer, id: Int64, files: String) async throws in
      let etag = try await server.client.get(files + "content?path=f").headers["etag"]!
      let path = files + "attributes?path=f"
      let refused = try await server.client.patch(path, ["mode": 448], headers: ["If-Match": "\"other\""])
      #expect(refused.status == 412)
      let mode = {
        try FileManager.default.attributesOfItem(atPath: server.workDirectory(id) + "/f")[.posixPermissions]
      }
      #expect(try mode() as? Int == 0o644)
      #expect(try await server.client.patch(path, ["mode": 448], headers: ["If-Match": etag]).status == 200)
      #expect(try mode() as? Int == 0o700)
    }
  }

  @Test(arguments: ["../goal", "a/../../goal", "/etc/passwd", "out/passwd", "outfile", "up/goal"])
  func noPathLeavesTheWorkDirectory(_ path: String) async throws {
    let goal = "ln -s /etc out; ln -s /etc/passwd outfile; ln -s .. up; mkdir a"
    try await Self.withFiles(goal) { (server: TestServer, _: Int64, files: String) async throws in
      let read = try await server.client.get(files + "content?path=\(path)")
      #expect(read.status == 400, "\(read.text)")
      if path != "outfile" {
        #expect(try await server.client.delete(files + "content?path=\(path)").status == 400)
        #expect(try await server.client.post(files + "directory", ["path": .string(path + "x")]).status == 400)
        let move = try await server.client.post(files + "move", ["from": "a", "to": .string(path + "y")])
        #expect(move.status == 400)
      }
      #expect(try await server.client.put(files + "content?path=\(path)", [1]).status == 400)
      let attributes = try await server.client.patch(files + "attributes?path=\(path)", ["mode": 511])
      #expect(attributes.status == 400)
      #expect(try await server.client.post(files + "download", ["paths": [.string(path)]]).status == 400)
    }
  }

  @Test func aLinkThatStaysInsideIsReadAndWrittenThrough() async throws {
    try await Self.withFiles("mkdir d; printf x > d/real; ln -s d/real link") {
      (server: TestServer, id: Int64, files: String) async throws in
      #expect(try await server.client.get(files + "content?path=link").text == "x")
      #expect(try await server.client.put(files + "content?path=link", Array("new".utf8)).status == 200)
      #expect(try String(contentsOfFile: server.workDirectory(id) + "/d/real", encoding: .utf8) == "new")
      let tree = try await server.client.get(files + "tree").json.arrayValue
      let link = tree?.first { $0["name"] == "link" }
      #expect(link?["type"] == "symlink")
      #expect(link?["target"] == "d/real")
    }
  }

  @Test func removeMoveAndMakeDirectories() async throws {
    try await Self.withFiles("mkdir full empty; echo 1 > full/f; echo 2 > g") {
      (server: TestServer, _: Int64, files: String) async throws in
      let client = server.client
      var statuses: [Int] = []
      statuses.append(try await client.delete(files + "content?path=full").status)
      statuses.append(try await client.delete(files + "content?path=empty").status)
      statuses.append(try await client.delete(files + "content?path=none").status)
      statuses.append(try await client.post(files + "directory", ["path": "full"]).status)
      statuses.append(try await client.post(files + "directory", ["path": "no/parent"]).status)
      statuses.append(try await client.post(files + "directory", ["path": "made"]).status)
      statuses.append(try await client.post(files + "move", ["from": "g", "to": "full/f"]).status)
      statuses.append(try await client.post(files + "move", ["from": "g", "to": "full/f", "overwrite": true]).status)
      statuses.append(try await client.get(files + "content?path=g").status)
      statuses.append(try await client.post(files + "move", ["from": "full", "to": "made/inside"]).status)
      #expect(statuses == [409, 200, 404, 409, 404, 200, 409, 200, 404, 200])
      let moved = try await client.get(files + "content?path=made/inside/f")
      #expect(moved.text == "2\n")
      let onDirectory = try await client.put(files + "content?path=made", [1])
      #expect(onDirectory.status == 409)
    }
  }

  @Test func aRenameReplacesTheVersionThatIsMeant() async throws {
    try await Self.withFiles("echo 1 > a; echo 2 > b") {
      (server: TestServer, id: Int64, files: String) async throws in
      let etag = try #require(try await server.client.get(files + "content?path=b").headers["etag"])
      let body = JSON.object([
        JSON.Member("from", "a"), JSON.Member("to", "b"), JSON.Member("overwrite", true),
      ]).serializedBytes()
      func move(_ tag: String) async throws -> Int {
        try await server.client.send("POST", files + "move", headers: ["If-Match": tag], body: body).status
      }
      try "theirs\n".write(toFile: server.workDirectory(id) + "/b", atomically: true, encoding: .utf8)
      #expect(try await move(etag) == 412)
      #expect(try await server.client.get(files + "content?path=b").text == "theirs\n")
      let other = try #require(try await server.client.get(files + "content?path=b").headers["etag"])
      #expect(try await move(other) == 200)
      #expect(try await server.client.get(files + "content?path=b").text == "1\n")
      #expect(try await move(other) == 412)
    }
  }

  @Test func attributesAreSet() async throws {
    try await Self.withFiles("echo 1 > f") { (server: TestServer, _: Int64, files: String) async throws in
      let body: JSON = ["mode": 0o600, "modified": "2020-01-02T03:04:05.123456789Z"]
      #expect(try await server.client.patch(files + "attributes?path=f", body).status == 200)
      let entry = try await server.client.get(files + "tree").json.arrayValue?.first
      #expect(entry?["mode"]?.intValue == 0o600)
      #expect(entry?["modified"] == "2020-01-02T03:04:05.123456789Z")
    }
  }

  @Test func aDownloadHoldsWhatWasAskedFor() async throws {
    let goal = "mkdir -p d/e; echo 1 > d/e/f; echo 2 > g; ln -s /etc/passwd out; head -c 3000000 /dev/zero > big"
    try await Self.withFiles(goal) { (server: TestServer, _: Int64, files: String) async throws in
      let all = try await server.client.post(files + "download", ["paths": []])
      let contents = try ZipReader(all.body, limit: 1 << 23).contents()
      #expect(Set(contents.compactMap(\.entry.name)) == ["d/", "d/e/", "d/e/f", "g", "big"])
      #expect(contents.first { $0.entry.name == "big" }?.bytes.count == 3_000_000)
      let some = try await server.client.post(files + "download", ["paths": ["d/e/f", "g"]])
      #expect(try ZipReader(some.body, limit: 100).contents().map(\.entry.name) == ["d/e/f", "g"])
      #expect(try await server.client.post(files + "download", ["paths": ["none"]]).status == 404)
    }
  }
}
