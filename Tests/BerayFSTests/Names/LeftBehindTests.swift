import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Saves by temporary names that no list knows, on a server that can neither rename nor remove.
@Suite struct LeftBehindTests {
  private static func fixture() async throws -> WorkFixture {
    let fixture = WorkFixture(.bare)
    fixture.server.put("f", "old")
    _ = try await fixture.names()
    return fixture
  }

  private func uploads(_ fixture: WorkFixture) -> [String] {
    fixture.server.log.filter { $0.hasPrefix("upload") }.map { String($0.dropFirst(7)) }
  }

  @Test func theRenameIsAnUploadAndTheOldNameIsHidden() async throws {
    let fixture = try await Self.fixture()
    try await fixture.save("f.new", "new")
    try await fixture.rename("f.new", "f")
    #expect(uploads(fixture) == ["f.new", "f"])
    #expect(fixture.server.text("f") == "new")
    #expect(try await fixture.text("f") == "new")
    #expect(fixture.shared.status.leftBehind == ["7-t/files/f.new"])
    #expect(fixture.shared.status.pending.isEmpty)
    for _ in 0..<3 {
      fixture.tree.markStale()
      #expect(try await fixture.names() == ["f"])
    }
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await fixture.node("f.new") }
    #expect(fixture.errors == "")
  }

  @Test func theNextSavesAreOneUploadEach() async throws {
    let fixture = try await Self.fixture()
    for text in ["1", "2", "3"] {
      let file = try await fixture.create("f.new", [.write, .exclusive])
      try await fixture.write(file, text)
      try await fixture.close(file)
      try await fixture.rename("f.new", "f")
      #expect(fixture.server.text("f") == text)
      fixture.tree.markStale()
      #expect(try await fixture.names() == ["f"])
    }
    // The name is known by now as a step of a save.
    #expect(uploads(fixture) == ["f.new", "f", "f", "f"])
  }

  @Test func aChainOfRenames() async throws {
    let fixture = try await Self.fixture()
    try await fixture.save("a", "1")
    try await fixture.rename("a", "b")
    try await fixture.rename("b", "c", .noReplace)
    try await fixture.rename("c", "a")
    #expect(try await fixture.names().sorted() == ["a", "f"])
    #expect(try await fixture.text("a") == "1")
    #expect(fixture.shared.status.leftBehind == ["7-t/files/b", "7-t/files/c"])
    await #expect(throws: Errno.fileExists) { try await fixture.rename("a", "f", .noReplace) }
  }

  @Test func whatSomebodyElsePutsThereIsShown() async throws {
    let fixture = try await Self.fixture()
    try await fixture.save("x", "mine")
    try await fixture.rename("x", "y")
    fixture.tree.markStale()
    #expect(try await fixture.names().sorted() == ["f", "y"])
    fixture.server.put("x", "theirs, which is longer")
    fixture.tree.markStale()
    #expect(try await fixture.text("x") == "theirs, which is longer")
    #expect(fixture.shared.status.leftBehind == [])
    await #expect(throws: Errno.notPermitted) { try await fixture.rename("x", "z") }
  }

  @Test func aFileThatIsOnlyChangedHereIsTheServers() async throws {
    let fixture = try await Self.fixture()
    let file = try await fixture.open("f", [.write, .append]).file
    try await fixture.write(file, "er", at: nil)
    try await fixture.close(file)
    await #expect(throws: Errno.notPermitted) { try await fixture.rename("f", "g") }
    #expect(try await fixture.text("f") == "older")
  }

  @Test func aRenameThatFailsChangesNothing() async throws {
    let fixture = try await Self.fixture()
    try await fixture.save("f.new", "new")
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 507))
    await #expect(throws: Errno.noSpace) { try await fixture.rename("f.new", "f") }
    #expect(try await fixture.text("f.new") == "new")
    #expect(try await fixture.text("f") == "old")
    #expect(fixture.shared.status.pending.isEmpty)
    fixture.server.fail(.upload, nil)
    try await fixture.rename("f.new", "f")
    #expect(fixture.server.text("f") == "new")
  }

  /// One rename whose time ran out, after which the temporary file stays and goes up.
  @Test func aRenameThatTimedOutPoisonsNoLaterSave() async throws {
    let fixture = try await Self.fixture()
    try await fixture.save("f.tmp", "first")
    await fixture.time.sleepers(1)
    _ = fixture.server.hold(.upload)
    let rename = Task { try await fixture.rename("f.tmp", "f") }
    await fixture.time.sleepers(2)
    fixture.time.advance(by: .seconds(30))
    await #expect(throws: Errno.timedOut) { try await rename.value }
    fixture.server.letGo(.upload)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f.tmp") == "first")
    for text in ["second", "third"] {
      try await fixture.save("f.tmp", text)
      try await fixture.rename("f.tmp", "f")
      #expect(fixture.server.text("f") == text)
      #expect(try await fixture.names() == ["f"])
    }
  }

  @Test func aStepThatStayedCanBeRemoved() async throws {
    let fixture = try await Self.fixture()
    try await fixture.save("f.tmp", "1")
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(10))
    await fixture.server.requests(.upload, 1)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    try await fixture.unlink("f.tmp")
    fixture.tree.markStale()
    #expect(try await fixture.names() == ["f"])
    #expect(fixture.shared.status.leftBehind == ["7-t/files/f.tmp"])
  }
}
