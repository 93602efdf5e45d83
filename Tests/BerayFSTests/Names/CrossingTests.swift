import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS
import Waiting

@testable import BerayFS

/// What a listing shows, or somebody else does, while the answer to a change of our own is on its way.
@Suite(.timeLimit(.minutes(5))) struct CrossingTests {
  @Test func aListingThatSeesARenameBeforeItsAnswerKeepsTheFile() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "text")
    let inode = try await fixture.stat("a").inode
    let moved = fixture.server.holdAnswer(.move)
    let rename = Task { try await fixture.rename("a", "b") }
    try await moved.value()
    fixture.tree.markStale()
    #expect(try await fixture.names() == ["a"])
    fixture.server.letGo(.move)
    try await rename.value
    #expect(try await fixture.names() == ["b"])
    let renamed = try await fixture.stat("b")
    #expect((renamed.inode, renamed.linkCount) == (inode, 1))
    let file = try await fixture.open("b", [.write, .truncate]).file
    try await fixture.write(file, "more")
    try await fixture.close(file)
    #expect(fixture.server.text("b") == "more")
    #expect(fixture.errors == "")
  }

  @Test func aListingThatSeesADirectoryMoveBeforeItsAnswerKeepsWhatIsInIt() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/f", "text")
    let file = try await fixture.open("d/f", [.read, .write]).file
    try await fixture.write(file, "unsent", at: 0)
    let moved = fixture.server.holdAnswer(.move)
    let rename = Task { try await fixture.rename("d", "e") }
    try await moved.value()
    fixture.tree.markStale()
    _ = try await fixture.names()
    fixture.server.letGo(.move)
    try await rename.value
    try await fixture.close(file)
    #expect(fixture.server.text("e/f") == "unsent")
    #expect(try await fixture.walk() == ["e", "e/f"])
    #expect(fixture.errors == "")
  }

  @Test func anUnlinkedFileIsNoLossWhereAListingSeesItFirst() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "text")
    let file = try await fixture.open("f", [.read, .write]).file
    try await fixture.write(file, "unsent", at: 0)
    let removed = fixture.server.holdAnswer(.remove)
    let unlink = Task { try await fixture.unlink("f") }
    try await removed.value()
    fixture.tree.markStale()
    #expect(try await fixture.names() == ["f"])
    fixture.server.letGo(.remove)
    try await unlink.value
    #expect(try await fixture.names() == [])
    #expect(String(decoding: try await fixture.readAll(file), as: UTF8.self) == "unsent")
    try await fixture.close(file)
    #expect(fixture.errors == "")
  }

  @Test func aDirectoryThatIsListedBeforeItsAnswerHasItsMode() async throws {
    let fixture = WorkFixture()
    _ = try await fixture.names()
    let made = fixture.server.holdAnswer(.directory)
    let mkdir = Task { try await fixture.tree.root.mkdir("d", permissions: 0o700, caller: WorkFixture.caller).get() }
    try await made.value()
    fixture.tree.markStale()
    _ = try await fixture.names()
    fixture.server.letGo(.directory)
    _ = try await mkdir.value
    #expect(try await fixture.stat("d").permissions == 0o700)
  }

  @Test func aDirectoryThatSomebodyElseMadeIsSeenAfterTheRefusal() async throws {
    let fixture = WorkFixture()
    _ = try await fixture.names()
    fixture.server.makeDirectory("d")
    await #expect(throws: Errno.fileExists) {
      _ = try await fixture.tree.root.mkdir("d", permissions: 0o755, caller: WorkFixture.caller).get()
    }
    #expect(try await fixture.stat("d").kind == .directory)
  }

  @Test func aNameThatSomebodyElseMadeIsNoRoomForARenameWithoutReplacing() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "mine")
    _ = try await fixture.names()
    fixture.server.put("b", "theirs")
    await #expect(throws: Errno.fileExists) { try await fixture.rename("a", "b", .noReplace) }
    #expect(try await fixture.text("b") == "theirs")
    #expect(fixture.server.text("a") == "mine")
  }

  @Test func aReadGoesOnUnderTheNameThatTheFileGetsMeanwhile() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "text")
    let file = try await fixture.open("a").file
    let moved = fixture.server.holdAnswer(.move)
    let rename = Task { try await fixture.rename("a", "b") }
    try await moved.value()
    let read = Task { try await fixture.readAll(file) }
    await fixture.server.requests(.content, 1)
    fixture.server.letGo(.move)
    try await rename.value
    #expect(String(decoding: try await read.value, as: UTF8.self) == "text")
  }

  @Test func whatIsRenamedBeforeItIsUploadedBringsItsMode() async throws {
    let fixture = WorkFixture()
    fixture.server.put("b", "old")
    fixture.server.setMode(of: "b", 0o600)
    let file = try await fixture.create("a")
    try await fixture.write(file, "new")
    try await fixture.rename("a", "b")
    try await fixture.close(file)
    #expect(fixture.server.text("b") == "new")
    #expect(fixture.server.file("b")?.mode == 0o644)
    #expect(try await fixture.stat("b").permissions == 0o644)
  }

  @Test func aTimeOfModificationStaysWhatItWasAfterTheClose() async throws {
    let fixture = WorkFixture(.ours)
    let file = try await fixture.create("a")
    try await fixture.write(file, "text")
    try await file.flush(caller: WorkFixture.caller).get()
    let closed = try await fixture.stat("a").modified
    try await file.release().get()
    #expect(try await fixture.stat("a").modified == closed)
    fixture.tree.markStale()
    #expect(try await fixture.stat("a").modified == closed)
  }

  @Test func aModeOfOursIsNotPutOnWhatSomebodyElseWroteSince() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "old")
    let file = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(file, "ours")
    try await fixture.chmod("f", 0o600)
    _ = fixture.server.hold(.attributes)
    let close = Task { try await fixture.close(file) }
    await fixture.server.requests(.attributes, 1)
    fixture.server.put("f", "theirs")
    fixture.server.letGo(.attributes)
    try await close.value
    #expect(fixture.server.file("f")?.mode == 0o644)
    #expect(try await fixture.text("f") == "theirs")
    #expect(try await fixture.stat("f").permissions == 0o644)
  }

  /// However often what was written later failed: what arrived is still known for our own.
  @Test func anUploadWithoutAnswerIsKnownAfterManyThatFailed() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "old")
    let file = try await fixture.open("f", [.read, .write]).file
    try await fixture.write(file, "one", at: 0)
    fixture.server.loseAnswer(.upload)
    await #expect(throws: Errno.self) { try await file.fsync().get() }
    fixture.server.fail(.upload, FakeWorkServer.error(.timedOut))
    for _ in 0..<4 { await #expect(throws: Errno.self) { try await file.fsync().get() } }
    try await fixture.write(file, "two", at: 0)
    for _ in 0..<4 { await #expect(throws: Errno.self) { try await file.fsync().get() } }
    fixture.server.fail(.upload, nil)
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "two")
    #expect(!fixture.errors.contains("changed on the server"), "\(fixture.errors)")
  }

  @Test func aFileThatIsGoneOnTheServerIsUnlinkedThoughSomebodyHasItOpen() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "text")
    fixture.server.put("g", "other")
    let file = try await fixture.open("f").file
    fixture.server.delete("f")
    try await fixture.unlink("f")
    #expect(try await fixture.names() == ["g"])
    try await file.release().get()
    let other = try await fixture.open("g").file
    fixture.server.put("h", "new")
    fixture.tree.markStale()
    _ = try await fixture.names()
    fixture.server.delete("g")
    try await fixture.rename("h", "g")
    #expect(try await fixture.text("g") == "new")
    try await other.release().get()
  }

  /// The content that a listing told of comes after a newer version of our own.
  @Test func aContentThatComesLateReplacesNothingOfOurs() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", "one")
    let reader = try await fixture.open("f").file
    #expect(try await fixture.readAll(reader) == Array("one".utf8))
    fixture.server.put("f", "theirs")
    fixture.tree.markStale()
    _ = fixture.server.hold(.content)
    let asked = fixture.server.count(.content)
    _ = try await fixture.names()
    await fixture.server.requests(.content, asked + 1)
    let writer = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(writer, "ours, and longer")
    let closed = Task { try await fixture.close(writer) }
    fixture.server.letGo(.content)
    try await closed.value
    #expect(fixture.server.text("f") == "ours, and longer")
    #expect(try await fixture.text("f") == "ours, and longer")
    #expect(try await fixture.readAll(reader) == Array("ours, and longer".utf8))
    try await reader.release().get()
  }
}
