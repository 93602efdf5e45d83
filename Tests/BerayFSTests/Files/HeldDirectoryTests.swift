import BerayAPI
import BerayClient
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What a program sees of a directory that it has open, or works in: it asks by number, never by name.
@Suite struct HeldDirectoryTests {
  @Test func whatTheListingAboveTellsIsSeen() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/e/f", "1")
    let held = try await fixture.directory("d/e")
    fixture.server.setMode(of: "d/e", 0o750)
    fixture.time.advance(by: .seconds(31))
    let now = try await held.getattr(nil).get()
    #expect(now.attributes.permissions == 0o750 && now.timeout > .zero)
    #expect(fixture.server.total == 2, "one request for what is beneath and for what is above")
    fixture.server.fail(.tree, FakeWorkServer.error(.connectionLost))
    fixture.time.advance(by: .seconds(31))
    #expect(try await held.getattr(nil).get().attributes.permissions == 0o750, "better than nothing")
  }

  @Test func theMtimeOfTheTopMovesForWhoWatchesIt() async throws {
    let fixture = WorkFixture()
    #expect(try await fixture.names() == [])
    let before = try await fixture.tree.root.getattr(nil).get().attributes.modified
    fixture.server.put("f", "1")
    fixture.time.advance(by: .seconds(31))
    _ = try await fixture.tree.root.getattr(nil).get()
    await fixture.server.requests(.tree, 2)
    await fixture.settle()
    #expect(try await fixture.tree.root.getattr(nil).get().attributes.modified > before)
  }

  /// A listing of tasks shows each one's `files`, and asks none of their servers for it.
  @Test func whatWasNeverListedIsNotAskedFor() async throws {
    let fixture = WorkFixture()
    fixture.time.advance(by: .seconds(31))
    _ = try await fixture.tree.root.getattr(nil).get()
    await fixture.settle()
    #expect(fixture.server.total == 0)
  }

  /// The kernel learns a moment later that a name is gone; until then it leads to what the name stood for.
  @Test func whoComesByANameThatIsGoneIsToLookItUpAgain() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/f", "1")
    fixture.server.put("held", "2")
    let (directory, file, held) = (
      try await fixture.node("d"), try await fixture.node("d/f"), try await fixture.node("held")
    )
    let handle = try await fixture.open("held").file
    for name in ["d", "held"] { fixture.server.delete(name) }
    fixture.tree.markStale()
    fixture.notices.hold()
    #expect(try await fixture.names() == [])
    for node in [directory, file] {
      await #expect(throws: Errno.staleNFSFileHandle) { try await node.getattr(nil).get() }
    }
    await #expect(throws: Errno.staleNFSFileHandle) {
      try await file.setattr(.init(size: 0), file: nil, caller: WorkFixture.caller).get()
    }
    for file in [file, held] {
      await #expect(throws: Errno.staleNFSFileHandle) {
        try await file.open(.read, caller: WorkFixture.caller).get()
      }
    }
    #expect(try await held.getattr(nil).get().attributes.linkCount == 0, "somebody has it open")
    fixture.notices.letGo()
    #expect(try await directory.getattr(nil).get().attributes.linkCount == 0)
    let again = try await held.open(.read, caller: WorkFixture.caller).get().file
    for handle in [handle, again] { try await handle.release().get() }
  }

  @Test func aRemovedOneKeepsItsAttributesWithoutALink() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/e/f", "1")
    fixture.server.makeDirectory("mine")
    let (theirs, mine) = (try await fixture.directory("d/e"), try await fixture.directory("mine"))
    try await fixture.chmod("mine", 0o711)
    try await fixture.tree.root.rmdir("mine", caller: WorkFixture.caller).get()
    fixture.server.delete("d")
    fixture.tree.markStale()
    #expect(try await fixture.names() == [])
    #expect(try await theirs.getattr(nil).get().attributes.linkCount == 0)
    let left = try await mine.getattr(nil).get()
    #expect((left.attributes.linkCount, left.attributes.permissions, left.timeout) == (0, 0o711, .zero))
    fixture.tree.removed()
    await #expect(throws: Errno.staleNFSFileHandle) { try await mine.getattr(nil).get() }
  }
}
