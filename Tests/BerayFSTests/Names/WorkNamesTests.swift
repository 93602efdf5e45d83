import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite struct WorkNamesTests {
  private let caller = WorkFixture.caller

  private func rename(
    _ fixture: WorkFixture, _ from: Name, _ to: Name, _ flags: RenameFlags = []
  ) async throws(Errno) {
    let root = fixture.tree.root
    try await root.rename(from, to: to, in: root, flags: flags, caller: caller).get()
  }

  @Test func aServerThatCannotSayWhatItOffersIsNoBareOne() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "1")
    fixture.server.fail(.capabilities, FakeWorkServer.error(.api, 500))
    let root = fixture.tree.root
    #expect(try await fixture.names() == ["a"])
    #expect(try await fixture.text("a") == "1")
    await #expect(throws: Errno.ioError) { try await root.unlink("a", caller: caller).get() }
    await #expect(throws: Errno.ioError) { try await rename(fixture, "a", "b") }
    fixture.server.fail(.capabilities, nil)
    try await rename(fixture, "a", "b")
    try await root.unlink("b", caller: caller).get()
    #expect(fixture.server.paths.isEmpty)
  }

  @Test func aFullServerGetsEachChangeAtOnce() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "1")
    fixture.server.put("d/x", "2")
    let root = fixture.tree.root
    try await rename(fixture, "a", "b")
    #expect(fixture.server.paths == ["b", "d/x"])
    #expect(try await fixture.names() == ["d", "b"])
    #expect(try await fixture.text("b") == "1")
    _ = try await root.mkdir("new", permissions: 0o755, caller: caller).get()
    #expect(fixture.server.count(.directory) == 1)
    try await root.rmdir("new", caller: caller).get()
    await #expect(throws: Errno.directoryNotEmpty) { try await root.rmdir("d", caller: caller).get() }
    try await root.unlink("b", caller: caller).get()
    #expect(fixture.server.paths == ["d/x"])
    #expect(try await fixture.names() == ["d"])
    let node = try await fixture.node("d/x")
    let changes = AttributeChanges(permissions: 0o755, modified: .at(Timestamp(seconds: 77)))
    let reply = try await node.setattr(changes, file: nil, caller: caller).get()
    #expect(reply.attributes.permissions == 0o755)
    #expect(fixture.server.file("d/x")?.modified == UTCTime(seconds: 77))
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.stat("d/x").modified == Timestamp(seconds: 77))
  }

  @Test func aSaveByRenameIsOneUploadAndOneMove() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "old")
    let file = try await fixture.create("f.tmp")
    try await fixture.write(file, "new")
    try await fixture.close(file)
    try await rename(fixture, "f.tmp", "f")
    #expect(fixture.server.paths == ["f"])
    #expect(fixture.server.text("f") == "new")
    #expect(try await fixture.text("f") == "new")
    #expect(fixture.server.count(.upload) == 1)
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await rename(fixture, "f.tmp", "g") }
  }

  @Test func noReplaceAndExchange() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "1")
    fixture.server.put("b", "2")
    await #expect(throws: Errno.fileExists) { try await rename(fixture, "a", "b", .noReplace) }
    await #expect(throws: Errno.invalidArgument) { try await rename(fixture, "a", "b", .exchange) }
    #expect(fixture.server.count(.move) == 0)
  }

  @Test func aBareServerRefusesWithAReason() async throws {
    let fixture = WorkFixture(.bare)
    fixture.server.put("a", "1")
    let root = fixture.tree.root
    await #expect(throws: Errno.notPermitted) { try await root.unlink("a", caller: caller).get() }
    await #expect(throws: Errno.notPermitted) { try await rename(fixture, "a", "b") }
    #expect(fixture.context.failures.text.text.contains("rename\t7-t/files/a\tEPERM"))
    #expect(try await fixture.text("a") == "1")
    let node = try await fixture.node("a")
    let changes = AttributeChanges(permissions: 0o700, user: 1000, modified: .at(Timestamp(seconds: 77)))
    _ = try await node.setattr(changes, file: nil, caller: caller).get()
    await #expect(throws: Errno.notPermitted) {
      try await node.setattr(.init(user: 0), file: nil, caller: caller).get()
    }
    fixture.time.advance(by: .seconds(31))
    let kept = try await fixture.stat("a")
    #expect(kept.permissions == 0o700)
    #expect(kept.modified == Timestamp(seconds: 77))
  }

  @Test func aDirectoryOnABareServerIsKeptHereUntilAFileIsInIt() async throws {
    let fixture = WorkFixture(.bare)
    let root = fixture.tree.root
    _ = try await root.mkdir("d", permissions: 0o755, caller: caller).get()
    _ = try await root.mkdir("gone", permissions: 0o755, caller: caller).get()
    try await root.rmdir("gone", caller: caller).get()
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.names() == ["d"])
    #expect(fixture.server.total == fixture.server.count(.tree))
    let file = try await fixture.create("d/f")
    try await fixture.write(file, "1")
    try await fixture.close(file)
    #expect(fixture.server.paths == ["d/f"])
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.walk() == ["d", "d/f"])
  }

  private static let toolsOwn = [
    ".f.swp", ".f.swx", "4913", ".#f", ".~lock.a.odt#", ".nfs0001", ".nfsrc", "._f", "._notes", ".DS_Store", ".img.swf",
  ]

  @Test(arguments: toolsOwn)
  func whatToolsKeepForThemselvesIsAFileWhereItCanBeRemoved(_ name: String) async throws {
    let fixture = WorkFixture()
    try await fixture.save(name, "swap")
    #expect(fixture.server.paths == [name])
    try await fixture.unlink(Name(name))
    #expect(fixture.server.paths == [])
  }

  @Test(arguments: toolsOwn)
  func whereItCannotBeRemovedItGoesUpAtTheEndAtTheLatest(_ name: String) async throws {
    let fixture = WorkFixture(.bare)
    try await fixture.save(name, "swap")
    #expect(await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in } == [])
    #expect(fixture.server.text(name) == "swap")
  }

  @Test func anEditorsLockWaitsForItsEditor() async throws {
    let fixture = WorkFixture(.bare)
    // Process 10 lives, and thread 5 is gone.
    for (name, thread) in [(".f.swp", 10), (".g.swp", 5)] as [(String, Int32)] {
      let file = try await fixture.create(name, [.write, .truncate], thread: thread)
      try await fixture.write(file, "nano")
      try await fixture.close(file, thread: thread)
    }
    await fixture.time.sleepers(2)
    fixture.time.advance(by: .seconds(10))
    await fixture.server.requests(.upload, 1)
    await fixture.settle()
    #expect(fixture.shared.status.heldBack == ["7-t/files/.f.swp"])
    #expect(fixture.server.paths == [".g.swp"])
    try await fixture.unlink(".f.swp")
    #expect(fixture.server.paths == [".g.swp"])
  }

  @Test(arguments: ["f.swp", ".swp", "4914", "lock.a#", "nfs", "DS_Store", "#", "yarn.lock", "sed.txt"])
  func otherNamesAreOrdinary(_ name: String) {
    #expect(NamePolicy().classify(Name(name)) == .ordinary)
  }

  @Test func anUnlinkedFileIsNotUploadedAndStaysReadable() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("f")
    try await fixture.write(file, "temporary")
    try await fixture.tree.root.unlink("f", caller: caller).get()
    #expect(try await fixture.readAll(file) == Array("temporary".utf8))
    try await fixture.close(file)
    #expect(fixture.server.total == 0 || fixture.server.total == fixture.server.count(.tree))
    #expect(fixture.shared.status.pending.isEmpty)
  }
}
