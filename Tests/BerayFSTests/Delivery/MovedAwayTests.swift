import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// A save that moves the original away first, as vim does, on a server that cannot rename.
@Suite struct MovedAwayTests {
  private func fixture() async throws -> WorkFixture {
    let fixture = WorkFixture(.bare)
    fixture.server.put("f", "old")
    #expect(try await fixture.text("f") == "old")
    return fixture
  }

  @Test func theSaveIsOneUpload() async throws {
    let fixture = try await fixture()
    let inode = try await fixture.stat("f").inode
    try await fixture.rename("f", "f~")
    #expect(try await fixture.names() == ["f~"])
    #expect(try await fixture.stat("f~").inode == inode)
    #expect(fixture.server.text("f") == "old")
    let file = try await fixture.create("f", [.write, .exclusive])
    try await fixture.write(file, "new")
    try await file.fsync().get()
    try await fixture.close(file)
    #expect(try await fixture.text("f~") == "old")
    try await fixture.unlink("f~")
    #expect(try await fixture.names() == ["f"])
    #expect(fixture.server.log.filter { !$0.hasPrefix("tree") } == ["content f", "upload f"])
    #expect(fixture.server.text("f") == "new")
    #expect(fixture.errors == "")
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.text("f") == "new")
    #expect(try await fixture.names() == ["f"])
  }

  @Test func aListingInBetweenShowsTheNameNot() async throws {
    let fixture = try await fixture()
    try await fixture.rename("f", "f~")
    fixture.tree.markStale()
    #expect(try await fixture.names() == ["f~"])
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await fixture.node("f") }
  }

  @Test func anEditorThatDiesInBetweenLosesNothing() async throws {
    let fixture = try await fixture()
    try await fixture.rename("f", "f~")
    await fixture.time.sleepers(2)
    fixture.notices.clear()
    fixture.time.advance(by: .seconds(5))
    while !fixture.errors.contains("rename\t7-t/files/f\tEPERM") { await Task.yield() }
    #expect(fixture.notices.all.contains("expire f"))
    #expect(try await fixture.text("f") == "old")
    #expect(try await fixture.text("f~") == "old")
    #expect(fixture.server.count(.upload) == 0)
  }

  @Test func anEditorThatDiesAfterTheCreateLosesNothing() async throws {
    let fixture = try await fixture()
    try await fixture.rename("f", "f~")
    let file = try await fixture.create("f", [.write, .exclusive])
    try await fixture.write(file, "ne")
    // A process that is killed closes what it has open.
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "ne")
    await fixture.time.sleepers(2)
    fixture.time.advance(by: .seconds(10))
    await fixture.server.requests(.upload, 2)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f~") == "old")
  }

  @Test func movedBackItIsTheServersFileAgain() async throws {
    let fixture = try await fixture()
    try await fixture.rename("f", "f~")
    try await fixture.rename("f~", "f")
    #expect(fixture.server.count(.upload) == 0)
    #expect(try await fixture.names() == ["f"])
    #expect(try await fixture.text("f") == "old")
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.names() == ["f"])
    #expect(try await fixture.text("f") == "old")
    #expect(fixture.server.count(.upload) == 0)
    #expect(fixture.errors == "")
  }

  @Test func theBackupReplacesAHalfWrittenFile() async throws {
    let fixture = try await fixture()
    try await fixture.rename("f", "f~")
    try await fixture.save("f", "half")
    try await fixture.rename("f~", "f")
    #expect(fixture.server.text("f") == "old")
    #expect(try await fixture.names() == ["f"])
  }

  @Test func anotherFileThatTakesTheHiddenNameIsItsUpload() async throws {
    let fixture = try await fixture()
    try await fixture.rename("f", "f~")
    try await fixture.save("f.tmp", "new")
    try await fixture.rename("f.tmp", "f")
    #expect(fixture.server.text("f") == "new")
    #expect(try await fixture.text("f~") == "old")
    #expect(fixture.server.count(.upload) == 1)
    #expect(fixture.errors == "")
  }

  @Test func aBackupThatTheServerHasIsReplacedByItsUpload() async throws {
    let fixture = try await fixture()
    fixture.server.put("f~", "older")
    fixture.tree.markStale()
    try await fixture.rename("f", "f~")
    try await fixture.save("f", "new")
    #expect(try await fixture.text("f~") == "old")
    // The name's return, and twice the end of the hold: the read began it anew.
    await fixture.time.sleepers(3)
    fixture.time.advance(by: .seconds(10))
    await fixture.server.requests(.upload, 2)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f~") == "old")
    #expect(fixture.server.text("f") == "new")
    #expect(fixture.server.count(.upload) == 2)
  }

  @Test func aRenameToARealNameIsRefused() async throws {
    let fixture = try await fixture()
    await #expect(throws: Errno.notPermitted) { try await fixture.rename("f", "g") }
    #expect(fixture.errors.contains("rename\t7-t/files/f\tEPERM\t-\tthis server cannot rename files"))
    #expect(try await fixture.names() == ["f"])
  }

  /// A backup that went up is in the editor's way at the next save.
  @Test(arguments: [true, false])
  func aBackupThatTheServerHasIsMadeAnew(isCopied: Bool) async throws {
    let fixture = try await fixture()
    fixture.server.put("f~", "older")
    fixture.tree.markStale()
    #expect(try await fixture.names() == ["f", "f~"])
    try await fixture.unlink("f~")
    #expect(try await fixture.names() == ["f"])
    if isCopied {
      let backup = try await fixture.create("f~", [.write, .exclusive])
      try await fixture.write(backup, "old")
      try await fixture.close(backup)
    } else {
      try await fixture.rename("f", "f~")
    }
    try await fixture.save("f", "new")
    #expect(try await fixture.text("f~") == "old")
    #expect(fixture.server.text("f") == "new" && fixture.server.text("f~") == "older")
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f~") == "old")
    #expect(fixture.server.log.filter { $0 == "upload f" }.count == 1)
    #expect(fixture.errors == "")
  }

  @Test func aBackupThatIsRemovedForGoodComesBack() async throws {
    let fixture = try await fixture()
    fixture.server.put("f~", "older")
    fixture.tree.markStale()
    try await fixture.unlink("f~")
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await fixture.node("f~") }
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(5))
    while !fixture.errors.contains("unlink\t7-t/files/f~\tEPERM") { await Task.yield() }
    #expect(try await fixture.text("f~") == "older")
    await #expect(throws: Errno.notPermitted) { try await fixture.unlink("f") }
  }

  /// An editor gives up after it moved the file away, and what another program wrote is not on the server yet.
  @Test func whatWasNotSentGoesUpThoughTheFileCameBack() async throws {
    let fixture = WorkFixture(.bare)
    fixture.server.put("f", "old")
    let file = try await fixture.open("f", [.read, .write]).file
    try await fixture.write(file, "new")
    try await fixture.rename("f", "f~")
    try await fixture.rename("f~", "f")
    #expect(fixture.server.text("f") == "new")
    #expect(try await fixture.text("f") == "new")
    try await fixture.close(file)
    #expect(fixture.server.paths == ["f"])
  }

  @Test func whoReadsTheFileThatASaveReplacesGoesOn() async throws {
    let fixture = WorkFixture(.bare)
    fixture.server.put("f", "old")
    let reader = try await fixture.open("f").file
    try await fixture.save("f.tmp", "new")
    try await fixture.rename("f.tmp", "f")
    #expect(fixture.server.text("f") == "new")
    #expect(String(decoding: try await fixture.readAll(reader), as: UTF8.self) == "old")
    try await reader.release().get()
  }
}
