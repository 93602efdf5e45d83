import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct StateTests {
  let bed = TreeBed()

  @Test func itsFiles() async throws {
    #expect(try await bed.ls(".beray") == ["errors", "status.json", "user.json"])
    for name in ["errors", "status.json", "user.json"] {
      let attributes = try await bed.stat(".beray/\(name)")
      #expect(attributes.permissions == 0o400)
      #expect(try await Int64(bed.cat(".beray/\(name)").utf8.count) == attributes.size)
    }
    #expect(await errno(try await bed.mkdir(".beray/x")) == .notPermitted)
    #expect(await errno(try await bed.open(".beray/errors", .write)) == .permissionDenied)
  }

  @Test func errorsKeepTheLastHundred() async throws {
    for number in 0..<150 { _ = await errno(try await bed.mkdir("New folder \(number)")) }
    let lines = try await bed.errors()
    #expect(lines.count == 100)
    #expect(lines.first?[2] == "New folder 50" && lines.last?[2] == "New folder 149")
  }

  /// As `git add` does: it tries a hard link for each object, and goes on without.
  @Test func whatRepeatsIsCountedAndPushesNothingOut() async throws {
    bed.server.add("go")
    let file = try await bed.inode("1/id")
    bed.server.fail(.delete, TreeServer.error(.api, 503, "a real failure"))
    _ = await errno(try await bed.rmdir("1"))
    let files = try await bed.inode("1/files")
    for number in 0..<150 {
      bed.time.advance(by: .milliseconds(1))
      _ = await errno(
        try await bed.fileSystem.link(file, at: Name("object\(number)"), in: files, caller: bed.caller).get())
    }
    let lines = try await bed.errors()
    #expect(lines.first?[5] == "a real failure")
    #expect(lines.count == 1 + FailureList.pathsOfAKind)
    let last = try #require(lines.last)
    #expect(last[2].hasSuffix("object149") && last[5].contains("and 145 more like it"))
    for _ in 0..<3 { _ = await errno(try await bed.mkdir(".git")) }
    let again = try await bed.errors()
    #expect(again.count == lines.count + 1)
    #expect(again.last?[5].contains("(3 times since 2027-01-15T08:00:00Z)") == true)
    #expect(again.last?[7] == "will fail again")
  }

  @Test func theAdviceEscapesTheServersNames() async throws {
    let id = bed.server.add("go", "RUN\u{1b}[2JNING")
    bed.server.change(id) { $0.status = TaskStatus("running\u{1b}") }
    _ = bed.fileSystem.context.refuse("a", "b\u{1b}", .notPermitted, "c", advice: "d\u{1b}]0;title\u{7}")
    let text = try await bed.cat(".beray/errors")
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
    #expect(text.contains(#"d\x1b]0;title\x07"#))
  }

  @Test func anErrorIsOneLineWhateverItSays() async throws {
    bed.server.fail(
      .create, TreeServer.error(.api, 400, "one\ntwo\tthree\u{1b}[2J\u{202e}" + String(repeating: "x", count: 100_000)))
    _ = await errno(try await bed.mkdir("a\tb\nc"))
    let text = try await bed.cat(".beray/errors")
    let lines = try await bed.errors()
    #expect(lines.count == 1 && lines[0].count == 8)
    #expect(lines[0][0] == "2027-01-15T08:00:00.000Z")
    #expect(lines[0][2] == #"a\tb\nc"#)
    #expect(lines[0][5].hasPrefix(#"one\ntwo\tthree\x1b[2J\u{202e}xxx"#))
    #expect(text.utf8.count < 4096)
  }

  @Test func statusTellsOfTheMount() async throws {
    try await bed.fileSystem.load()
    func status() async throws -> JSON { try JSON(parsing: Array(try await bed.cat(".beray/status.json").utf8)) }
    let first = try await status()
    #expect(first["url"] == "http://localhost:8000")
    #expect(first["user"] == "me@example.org")
    #expect(first["agent"] == .null)
    #expect(first["connection"]?["state"] == "connected")
    #expect(first["requests"]?["list"] == 1)
    for name in [
      "cache", "pending_uploads", "open_streams", "failed_requests", "mounted_at", "request_seconds", "bytes_sent",
      "bytes_received",
    ] {
      #expect(first[name] != nil)
    }
    bed.server.fail(.list, TreeServer.error(.connectionRefused, nil, "refused"))
    bed.time.advance(by: .seconds(2))
    _ = try await bed.ls()
    let second = try await status()
    #expect(second["connection"]?["state"] == "unreachable")
    #expect(second["connection"]?["error"] == "refused")
    #expect(second["failed_requests"] == 1)
  }

  @Test func statusTellsThatTheTokenIsRefused() async throws {
    try await bed.fileSystem.load()
    func state() async throws -> JSON? {
      try JSON(parsing: Array(try await bed.cat(".beray/status.json").utf8))["connection"]?["state"]
    }
    bed.server.fail(.list, TreeServer.error(.authentication, 401, "Not authenticated"))
    bed.time.advance(by: .seconds(2))
    _ = try? await bed.ls()
    #expect(try await state() == "not logged in")
    bed.server.fail(.list, nil)
    bed.time.advance(by: .seconds(2))
    _ = try await bed.ls()
    #expect(try await state() == "connected")
  }

  @Test func noSecretOfTheUserIsShown() async throws {
    bed.server.setUser([
      "id": 1, "email": "me@example.org", "access_token": "s3cret", "hashed_password": "s3cret",
      "keys": [["api_key": "s3cret", "name": "laptop"]], "settings": ["clientSecret": "s3cret", "theme": "dark"],
    ])
    try await bed.fileSystem.load()
    let user = try JSON(parsing: Array(try await bed.cat(".beray/user.json").utf8))
    #expect(user["email"] == "me@example.org")
    #expect(user["settings"]?["theme"] == "dark")
    for name in try await bed.ls(".beray") { #expect(!(try await bed.cat(".beray/\(name)")).contains("s3cret")) }
  }

  @Test func theUserIsAskedForWhereTheMountBeganOffline() async throws {
    bed.server.fail(.user, TreeServer.error(.connectionRefused))
    await #expect(throws: BerayError.self) { try await bed.fileSystem.load() }
    #expect(try await bed.cat(".beray/user.json") == "{}\n")
    bed.server.fail(.user, nil)
    try await bed.fileSystem.registry.refresh()
    #expect(try await bed.cat(".beray/user.json").contains("me@example.org"))
  }
}
