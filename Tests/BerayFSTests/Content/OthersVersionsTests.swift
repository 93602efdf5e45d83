import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Somebody else writes to a file of an ended task, whose listing is relied on for half a minute, while this mount does.
@Suite struct OthersVersionsTests {
  struct Server: CustomTestStringConvertible {
    var testDescription: String
    var manner: FakeWorkServer.Manner
    /// How what was appended goes up.
    var appending: FakeWorkServer.Operation { manner.capabilities.contains(.append) ? .append : .upload }
  }

  static let servers = [
    Server(testDescription: "our own", manner: .ours), Server(testDescription: "with appends", manner: .appending),
    Server(testDescription: "without conditions", manner: .full),
    Server(testDescription: "the bare API", manner: .bare), Server(testDescription: "names alone", manner: .minimal),
  ]
  /// Those whose listings tell versions.
  static let telling = Array(servers.prefix(4))

  static let replaced = "this upload replaced that version"
  static let kept = "the bytes written here are kept"

  @Test(arguments: servers)
  func anAppendFollowsWhatSomebodyElseMade(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    #expect(try await fixture.names() == [])
    fixture.server.put("log", "theirs\n")
    try await fixture.append("mine\n", to: "log")
    #expect(fixture.server.text("log") == "theirs\nmine\n")
    #expect(try await fixture.text("log") == "theirs\nmine\n")
    #expect(fixture.errors == "")
  }

  @Test(arguments: servers)
  func anAppendFollowsWhatSomebodyElseAppended(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    fixture.server.put("log", "1\n")
    #expect(try await fixture.text("log") == "1\n")
    fixture.server.put("log", "1\n2\n")
    fixture.time.advance(by: .seconds(2))
    try await fixture.append("mine\n", to: "log")
    #expect(fixture.server.text("log") == "1\n2\nmine\n")
    #expect(try await fixture.text("log") == "1\n2\nmine\n")
    #expect(fixture.errors == "")
  }

  @Test(arguments: servers)
  func anAppendThatIsTooLargeForMemory(_ server: Server) async throws {
    var limits = WorkShared.Limits()
    limits.bufferInMemory = 1000
    let fixture = WorkFixture(server.manner, limits: limits)
    _ = try await fixture.names()
    let theirs = (0..<3000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let mine = (0..<5000).map { UInt8(truncatingIfNeeded: $0 / 11) }
    fixture.server.put("log", theirs)
    let file = try await fixture.create("log", [.write, .append])
    try await fixture.write(file, mine, at: nil)
    try await file.fsync().get()
    #expect(fixture.server.file("log")?.bytes == theirs + mine)
    try await fixture.write(file, theirs, at: nil)
    try await fixture.close(file)
    #expect(fixture.server.file("log")?.bytes == theirs + mine + theirs)
    #expect(fixture.errors == "")
  }

  @Test(arguments: servers)
  func appendsOfBothFollowEachOther(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    fixture.server.put("log", "0")
    let file = try await fixture.open("log", [.write, .append]).file
    for round in ["1", "2", "3"] {
      fixture.server.put("log", try #require(fixture.server.text("log")) + "t")
      fixture.time.advance(by: .seconds(2))
      try await fixture.write(file, round, at: nil)
      try await file.fsync().get()
    }
    try await fixture.close(file)
    #expect(fixture.server.text("log") == "0t1t2t3")
  }

  @Test(arguments: servers)
  func touchEmptiesNothing(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    _ = try await fixture.names()
    fixture.server.put("f", "theirs")
    let file = try await fixture.create("f", [.write])
    try await file.fsync().get()
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "theirs")
    #expect(fixture.server.count(.upload) <= 1)
    #expect(try await fixture.text("f") == "theirs")
  }

  @Test(arguments: servers)
  func theLastCloseReplacesAndTells(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    _ = try await fixture.names()
    fixture.server.put("f", "theirs")
    // A listing of at most a second ago is taken for what the server has.
    fixture.time.advance(by: .seconds(2))
    try await fixture.save("f", "mine")
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.errors.contains(Self.replaced))
  }

  @Test(arguments: telling)
  func aChangeInPlaceReplacesAndTells(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    fixture.server.put("f", "0123")
    #expect(try await fixture.text("f") == "0123")
    fixture.server.put("f", "abcd")
    let file = try await fixture.open("f", [.read, .write]).file
    try await fixture.write(file, "x", at: 1)
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "0x23")
    #expect(fixture.errors.contains(Self.replaced))
  }

  @Test func aVersionThatComesDuringTheUploadIsSeen() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "before")
    let file = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(file, "mine")
    _ = fixture.server.hold(.upload)
    let closing = Task { try await fixture.close(file) }
    await fixture.server.requests(.upload, 1)
    fixture.server.put("f", "theirs")
    fixture.server.letGo(.upload)
    try await closing.value
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.errors.contains(Self.replaced))
  }

  @Test func whatIsGoneOnTheServerComesBack() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "before")
    let file = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(file, "mine")
    fixture.server.delete("f")
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.errors == "")
  }

  // MARK: - Lost answers and failed uploads

  @Test func whatWasMovedAwayIsNotTakenForAnAppend() async throws {
    let fixture = WorkFixture(.bare)
    fixture.server.put("f", "mine")
    try await fixture.rename("f", "f~")
    fixture.server.put("f~", "theirs")
    fixture.time.advance(by: .seconds(2))
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f~") == "theirs")
    #expect(fixture.errors.contains(Self.kept))
    #expect(try await fixture.text("f~") == "mine")
  }

  @Test(arguments: telling)
  func theUnmountReplacesNothingOfOthers(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    fixture.server.put("f", "before")
    let file = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(file, "mine")
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 507))
    await #expect(throws: Errno.noSpace) { try await fixture.close(file) }
    fixture.server.put("f", "theirs")
    fixture.server.fail(.upload, nil)
    fixture.time.advance(by: .seconds(2))
    #expect(await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in } == ["7-t/files/f"])
    #expect(fixture.server.text("f") == "theirs")
    #expect(fixture.errors.contains(Self.kept))
    let requests = fixture.server.total
    // What is known to be in conflict is not asked for again.
    #expect(await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in } == ["7-t/files/f"])
    #expect(fixture.server.total == requests)
    let saved = await fixture.shared.rescue(to: "/tmp/files-tests/rescue-\(UInt64.random(in: 0 ... .max))")
    #expect(saved.count == 1)
  }

  @Test func aConflictIsOverOnceTheFileIsWrittenAgain() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "before")
    let file = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(file, "mine")
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 503))
    await #expect(throws: Errno.ioError) { try await file.flush(caller: WorkFixture.caller).get() }
    fixture.server.put("f", "theirs")
    fixture.server.fail(.upload, nil)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f") == "theirs")
    try await fixture.write(file, "more", at: 4)
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "minemore")
    #expect(fixture.shared.status.pending.isEmpty)
  }

  // MARK: - Our own versions
}
