import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Files by which programs keep each other out, on a server that makes a file only where it has none.
@Suite(.timeLimit(.minutes(5))) struct LockFileTests {
  private func lock(_ path: String, _ fixture: WorkFixture) async throws(Errno) -> any OpenFile {
    try await fixture.create(path, [.write, .exclusive])
  }

  /// The server was asked what it has.
  private func fixture(_ manner: FakeWorkServer.Manner = .ours) async throws -> WorkFixture {
    let fixture = WorkFixture(manner)
    fixture.server.put(".git/index", "index")
    _ = try await fixture.walk()
    return fixture
  }

  @Test func itIsOnTheServerBeforeTheProgramHasIt() async throws {
    let fixture = try await fixture()
    let file = try await lock(".git/index.lock", fixture)
    #expect(fixture.server.text(".git/index.lock") == "")
    try await fixture.write(file, "more")
    #expect(try await fixture.text(".git/index.lock") == "more")
    try await fixture.close(file)
    try await fixture.rename(".git/index.lock", ".git/index")
    #expect(fixture.server.paths == [".git/index"])
    #expect(fixture.server.text(".git/index") == "more")
    #expect(fixture.errors == "")
  }

  @Test func whoComesSecondIsRefused() async throws {
    let fixture = try await fixture()
    fixture.server.put(".git/index.lock", "theirs")
    await #expect(throws: Errno.fileExists) { _ = try await lock(".git/index.lock", fixture) }
    #expect(fixture.server.text(".git/index.lock") == "theirs")
    #expect(try await fixture.text(".git/index.lock") == "theirs")
    fixture.server.delete(".git/index.lock")
    fixture.tree.markStale()
    try await fixture.close(try await lock(".git/index.lock", fixture))
    #expect(fixture.server.text(".git/index.lock") == "")
  }

  @Test func whatIsInterruptedLeavesNoLock() async throws {
    let fixture = try await fixture()
    _ = fixture.server.hold(.upload)
    let locking = Task { try await lock("l.lock", fixture) }
    await fixture.server.requests(.upload, 1)
    locking.cancel()
    await #expect(throws: Errno.interrupted) { _ = try await locking.value }
    fixture.server.letGo(.upload)
    await fixture.server.requests(.remove, 1)
    while fixture.server.file("l.lock") != nil { await Task.yield() }
    #expect(try await fixture.names() == [".git"])
  }

  @Test func otherFilesAndOtherServersWaitForTheClose() async throws {
    let ours = try await fixture()
    _ = try await ours.create("f.lock", [.write])
    _ = try await ours.create("f", [.write, .exclusive])
    #expect(ours.server.count(.upload) == 0)
    let bare = try await fixture(.bare)
    _ = try await lock("f.lock", bare)
    #expect(bare.server.count(.upload) == 0)
  }

  @Test func aModeIsToldToo() async throws {
    let fixture = try await fixture()
    let caller = WorkFixture.caller
    let made = try await fixture.tree.root.create(
      "l.lock", permissions: 0o600, flags: [.write, .exclusive], caller: caller
    ).get()
    try await fixture.close(made.opened.file)
    while fixture.server.file("l.lock")?.mode != 0o600 { await Task.yield() }
  }
}
