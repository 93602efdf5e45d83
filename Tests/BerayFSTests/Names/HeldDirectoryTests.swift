import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS
import Waiting

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

  @Test func whatWasNeverListedIsNotAskedFor() async throws {
    let fixture = WorkFixture()
    fixture.time.advance(by: .seconds(31))
    _ = try await fixture.tree.root.getattr(nil).get()
    await fixture.settle()
    #expect(fixture.server.total == 0)
  }

  /// A look at a task is none at its files.
  @Test func aListingThatShowsItAsksForNothing() async throws {
    let fixture = WorkFixture()
    _ = try await fixture.names()
    fixture.time.advance(by: .seconds(31))
    #expect(ListedEntry(fixture.tree.root, nameTimeout: .zero).attributes?.timeout == .zero)
    await fixture.settle()
    #expect(fixture.server.total == 1)
  }

  /// The kernel holds the lock of the directory above meanwhile.
  @Test func whatWasJustMadeOrChangedIsNotAskedFor() async throws {
    let fixture = WorkFixture(isFinished: false)
    #expect(try await fixture.names() == [])
    let answer = fixture.server.holdAnswer(.directory)
    let made = Task { try await fixture.tree.root.mkdir("d", permissions: 0o755, caller: WorkFixture.caller).get() }
    try await answer.value()
    fixture.tree.markStale()
    fixture.time.advance(by: .seconds(31))
    fixture.server.letGo(.directory)
    let found = try await made.value
    #expect(found.attributes?.attributes.permissions == 0o755)
    _ = try await found.node.setattr(.init(permissions: 0o700), file: nil, caller: WorkFixture.caller).get()
    await fixture.settle()
    #expect(fixture.server.count(.tree) == 1)
  }

  @Test func whatIsHereAloneIsNotAskedFor() async throws {
    let fixture = WorkFixture(.bare)
    _ = try await fixture.tree.root.mkdir("d", permissions: 0o755, caller: WorkFixture.caller).get()
    let held = try await fixture.directory("d")
    fixture.time.advance(by: .seconds(31))
    let before = fixture.server.total
    #expect(try await held.getattr(nil).get().attributes.permissions == 0o755)
    await fixture.settle()
    #expect(fixture.server.total == before)
  }

  /// As `ls -l` does some time after a walk.
  @Test func aLookAtManyAsksForOneAtATime() async throws {
    let fixture = WorkFixture(.bare)
    for number in 0..<50 { fixture.server.put("d\(number)/f", "1") }
    _ = try await fixture.walk()
    var all: [any DirectoryNode] = []
    for number in 0..<50 { all.append(try await fixture.directory("d\(number)")) }
    fixture.time.advance(by: .seconds(31))
    _ = try await fixture.names()
    _ = fixture.server.hold(.tree)
    let before = fixture.server.count(.tree)
    for held in all { _ = try await held.getattr(nil).get() }
    await fixture.settle()
    #expect(fixture.server.count(.tree) == before + 1)
    fixture.server.letGo(.tree)
  }

  @Test func aChangeOfARemovedOneReachesNoOther() async throws {
    let fixture = WorkFixture()
    fixture.server.makeDirectory("d")
    let held = try await fixture.directory("d")
    try await fixture.tree.root.rmdir("d", caller: WorkFixture.caller).get()
    fixture.server.makeDirectory("d")
    let before = fixture.server.count(.attributes)
    let reply = try await held.setattr(.init(permissions: 0), file: nil, caller: WorkFixture.caller).get()
    #expect(reply.attributes.linkCount == 0)
    #expect(fixture.server.count(.attributes) == before)
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
    await #expect(throws: Errno.staleNFSFileHandle) {
      try await fixture.tree.whenFresh(try #require(directory as? WorkDirectory)) { _ in .ready(0) }.get()
    }
    (directory as? WorkDirectory)?.countHandles(1)
    #expect(try await directory.getattr(nil).get().attributes.linkCount == 0, "somebody has it open")
    (directory as? WorkDirectory)?.countHandles(-1)
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
