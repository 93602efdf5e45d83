import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Names that the server has still and that this mount hides, met by what comes to them next.
@Suite struct HiddenNamesTests {
  private static func fixture(_ manner: FakeWorkServer.Manner = .bare) async throws -> WorkFixture {
    let fixture = WorkFixture(manner)
    fixture.server.put("f", "old")
    _ = try await fixture.names()
    return fixture
  }

  @Test(arguments: [FakeWorkServer.Manner.bare, .minimal])
  func aStepMadeAnewAndMovedToABackupStaysHidden(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = try await Self.fixture(manner)
    try await fixture.save("c", "one")
    try await fixture.rename("c", "b")
    try await fixture.save("c", "two")
    try await fixture.rename("c", "c~")
    fixture.tree.markStale()
    #expect(try await fixture.names().sorted() == ["b", "c~", "f"])
    #expect(try await fixture.text("c~") == "two")
    #expect(fixture.shared.status.leftBehind == ["7-t/files/c"])
    // It is as local as any other backup: removed, it was never there.
    try await fixture.unlink("c~")
    #expect(fixture.server.paths == ["b", "c", "f"])
  }

  @Test func aDirectoryCannotTakeItsPlace() async throws {
    let fixture = try await Self.fixture()
    try await fixture.save("c", "one")
    try await fixture.rename("c", "b")
    await #expect(throws: Errno.notPermitted) {
      _ = try await fixture.tree.root.mkdir("c", permissions: 0o755, caller: WorkFixture.caller).get()
    }
    _ = try await fixture.tree.root.mkdir("d", permissions: 0o755, caller: WorkFixture.caller).get()
    await #expect(throws: Errno.notPermitted) { try await fixture.rename("d", "c") }
    #expect(fixture.errors.contains("cannot rename and still has it"))
    #expect(fixture.shared.status.leftBehind == ["7-t/files/c"])
    fixture.tree.markStale()
    #expect(try await fixture.names().sorted() == ["b", "d", "f"])
  }

  @Test func aRenameThatMustBeNewTakesItsPlace() async throws {
    var manner = FakeWorkServer.Manner.bare
    manner.capabilities = [.conditionalUploads]
    manner.tellsTags = true
    let fixture = try await Self.fixture(manner)
    try await fixture.save("c", "one")
    try await fixture.rename("c", "b")
    try await fixture.save("d", "two")
    try await fixture.rename("d", "c", .noReplace)
    #expect(try await fixture.text("c") == "two")
    #expect(fixture.server.text("c") == "two")
    #expect(fixture.errors == "")
  }

  // MARK: - Servers whose listing tells names alone

  @Test func aRefreshIsNoNewsOfTheContent() async throws {
    let fixture = try await Self.fixture(.minimal)
    fixture.finished.value = false
    let file = try await fixture.create("a", [.read, .write])
    let bytes = [UInt8](repeating: 5, count: 100_000)
    try await fixture.write(file, bytes, at: 0)
    try await file.fsync().get()
    #expect(try await file.read(offset: 100, count: 50, flags: .read).get() == bytes[..<50])
    fixture.tree.dropCaches()
    _ = try await fixture.names()
    #expect(try await file.read(offset: 37_457, count: 4176, flags: .read).get() == bytes[..<4176])
    #expect(try await fixture.stat("a").size == 100_000)
    try await fixture.close(file)
    #expect(fixture.errors == "")
  }

  @Test func aRefreshShowsWhatOthersMadeOfIt() async throws {
    let fixture = try await Self.fixture(.minimal)
    try await fixture.save("a", "mine")
    #expect(try await fixture.text("a") == "mine")
    fixture.server.put("a", "theirs, which is longer")
    fixture.tree.dropCaches()
    #expect(try await fixture.stat("a").size == 23)
    #expect(try await fixture.text("a") == "theirs, which is longer")
    await #expect(throws: Errno.notPermitted) { try await fixture.rename("a", "b") }
    #expect(fixture.server.text("a") == "theirs, which is longer")
  }

  @Test func whatOthersMadeOfItIsNotHidden() async throws {
    let fixture = try await Self.fixture(.minimal)
    fixture.finished.value = false
    try await fixture.save("c", "one")
    #expect(try await fixture.text("c") == "one")
    fixture.server.put("c", "other")
    fixture.time.advance(by: .seconds(3))
    await #expect(throws: Errno.notPermitted) { try await fixture.rename("c", "b") }
    #expect(try await fixture.text("c") == "other")
    #expect(try await fixture.names().sorted() == ["c", "f"])
  }

  @Test func whatOthersLeftAloneIsRenamedLater() async throws {
    let fixture = try await Self.fixture(.minimal)
    fixture.finished.value = false
    try await fixture.save("c", "one")
    fixture.time.advance(by: .seconds(3))
    try await fixture.rename("c", "b")
    #expect(fixture.server.text("b") == "one")
    #expect(try await fixture.names().sorted() == ["b", "f"])
  }

  /// A file larger than what is kept of a content.
  @Test(arguments: [true, false])
  func aLargeFileIsToldFromWhatOthersMadeOfIt(_ sendsLength: Bool) async throws {
    var manner = FakeWorkServer.Manner.minimal
    manner.sendsLength = sendsLength
    let fixture = try await Self.fixture(manner)
    fixture.finished.value = false
    var bytes = [UInt8](repeating: 7, count: 9 << 20)
    let file = try await fixture.create("c", [.write, .exclusive])
    try await fixture.write(file, bytes, at: 0)
    try await fixture.close(file)
    let modified = try await fixture.stat("c").modified
    fixture.time.advance(by: .seconds(3))
    let opened = try await fixture.open("c").file
    #expect(try await fixture.stat("c").modified == modified)
    #expect(try await opened.read(offset: 9 << 19, count: 4096, flags: .read).get().count == 4096)
    try await opened.release().get()
    fixture.time.advance(by: .seconds(3))
    try await fixture.rename("c", "b")
    #expect(isSame(fixture.server.file("b")?.bytes, bytes))
    bytes[5 << 20] = 8
    fixture.server.put("b", bytes)
    fixture.time.advance(by: .seconds(3))
    await #expect(throws: Errno.notPermitted) { try await fixture.rename("b", "a") }
  }
}
