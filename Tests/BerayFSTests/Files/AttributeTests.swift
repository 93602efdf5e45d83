import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// How the server gets to know modes and times.
@Suite(.timeLimit(.minutes(5))) struct AttributeTests {
  private let caller = WorkFixture.caller

  /// A file with a mode that the server has to be told, written and not closed.
  private func script(_ fixture: WorkFixture, _ name: Name) async throws -> any OpenFile {
    let made = try await fixture.tree.root.create(name, permissions: 0o755, flags: [.write], caller: caller).get()
    try await fixture.write(made.opened.file, "#!/bin/sh\n")
    return made.opened.file
  }

  @Test func aModeThatIsSetWhileAnotherIsToldIsToldToo() async throws {
    let fixture = WorkFixture()
    let file = try await script(fixture, "run")
    _ = fixture.server.hold(.attributes)
    let flush = Task { try await file.flush(caller: WorkFixture.caller).get() }
    await fixture.server.requests(.attributes, 1)
    // What is unsent again lets the change of the mode wait for its upload.
    try await fixture.write(file, "exit 0\n", at: 10)
    try await fixture.chmod("run", 0o700)
    fixture.server.letGo(.attributes)
    try await flush.value
    try await fixture.close(file)
    #expect(fixture.server.file("run")?.mode == 0o700)
    #expect(fixture.server.text("run") == "#!/bin/sh\nexit 0\n")
  }

  @Test func aRenameWaitsForTheMode() async throws {
    let fixture = WorkFixture()
    let file = try await script(fixture, "run.tmp")
    _ = fixture.server.hold(.attributes)
    let close = Task { try await fixture.close(file) }
    await fixture.server.requests(.attributes, 1)
    let rename = Task { try await fixture.rename("run.tmp", "run") }
    await fixture.settle()
    #expect(fixture.server.count(.move) == 0)
    fixture.server.letGo(.attributes)
    try await close.value
    try await rename.value
    #expect(fixture.server.file("run")?.mode == 0o755)
  }

  @Test func aModeThatCouldNotBeToldIsToldLater() async throws {
    let fixture = WorkFixture()
    fixture.server.fail(.attributes, FakeWorkServer.error(.api, 503))
    try await fixture.close(try await script(fixture, "run"))
    #expect(fixture.errors.contains("setattr\t7-t/files/run\tEIO\t503"))
    #expect(try await fixture.stat("run").permissions == 0o755)
    fixture.server.fail(.attributes, nil)
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(1))
    await fixture.server.requests(.attributes, 2)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.file("run")?.mode == 0o755)
    #expect(fixture.server.count(.attributes) == 2)
  }

  @Test func aRefusedChangeChangesNothing() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "1")
    fixture.server.fail(.attributes, FakeWorkServer.error(.authentication, 403))
    await #expect(throws: Errno.permissionDenied) { try await fixture.chmod("f", 0o600) }
    #expect(try await fixture.stat("f").permissions == 0o644)
    fixture.server.fail(.attributes, nil)
    try await fixture.chmod("f", 0o600)
    #expect(try await fixture.stat("f").permissions == 0o600)
    #expect(fixture.server.count(.attributes) == 2)
  }

  @Test func theEndWaitsForTheMode() async throws {
    let fixture = WorkFixture()
    _ = fixture.server.hold(.attributes)
    let file = try await script(fixture, "run")
    let close = Task { try await fixture.close(file) }
    await fixture.server.requests(.attributes, 1)
    let isOver = Box(false)
    let ending = Task {
      let left = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
      isOver.value = true
      return left
    }
    await fixture.settle()
    #expect(!isOver.value)
    fixture.server.letGo(.attributes)
    #expect(await ending.value == [])
    try await close.value
    #expect(await fixture.shared.rescue(to: "/tmp/files-tests/none") == [])
    #expect(fixture.server.file("run")?.mode == 0o755)
    #expect(fixture.shared.losses == [])
  }

  @Test func theEndTellsWhatTheServerWasNotTold() async throws {
    let fixture = WorkFixture()
    fixture.server.fail(.attributes, FakeWorkServer.error(.api, 503))
    try await fixture.close(try await script(fixture, "run"))
    #expect(await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in } == [])
    #expect(await fixture.shared.rescue(to: "/tmp/files-tests/none") == [])
    #expect(fixture.shared.losses == ["7-t/files/run: its mode or times did not reach the server"])
  }

  @Test func aModeBelongsToTheVersionThatIsThere() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "first")
    #expect(try await fixture.text("f") == "first")
    fixture.server.put("f", "other")
    try await fixture.chmod("f", 0o700)
    #expect(fixture.server.file("f")?.mode == 0o700)
    #expect(try await fixture.text("f") == "other")
    #expect(try await fixture.stat("f").permissions == 0o700)
    #expect(fixture.errors == "")
  }
}
