import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What becomes of bytes that the server cannot take any more.
@Suite(.timeLimit(.minutes(5))) struct LostFilesTests {
  private func saved(_ fixture: WorkFixture, _ path: String) throws -> String {
    let descriptor = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? descriptor.close() }
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = try bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// The path that a line of `.beray/errors` names; waits for the line.
  private func rescued(_ fixture: WorkFixture) async -> String {
    while true {
      if let match = fixture.errors.firstMatch(of: /what was written is saved as ([^\t]+)\t/) { return String(match.1) }
      await Task.yield()
    }
  }

  @Test func theTaskIsDeletedWhileAFileIsWritten() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("f", [.write])
    try await fixture.write(file, "precious")
    fixture.tree.removed()
    let path = await rescued(fixture)
    #expect(try saved(fixture, path) == "precious")
    #expect(fixture.errors.contains("upload\t7-t/files/f\tESTALE\t-\tits task was deleted before"))
    await #expect(throws: Errno.staleNFSFileHandle) { try await fixture.write(file, "more", at: 8) }
    await #expect(throws: Errno.staleNFSFileHandle) { try await file.fsync().get() }
    await #expect(throws: Errno.staleNFSFileHandle) { try await file.flush(caller: WorkFixture.caller).get() }
    try await file.release().get()
    #expect(fixture.server.count(.upload) == 0)
  }

  @Test func theDirectoryIsRemovedWhileAFileIsWritten() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/g", "1")
    let file = try await fixture.create("d/f", [.write])
    try await fixture.write(file, "precious")
    fixture.server.removeDirectory("d")
    fixture.tree.markStale()
    #expect(try await fixture.names() == [])
    #expect(try saved(fixture, await rescued(fixture)) == "precious")
    await #expect(throws: Errno.staleNFSFileHandle) { try await file.flush(caller: WorkFixture.caller).get() }
  }

  @Test func whatWasUnlinkedHereIsDropped() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("f", [.write])
    try await fixture.write(file, "temporary")
    try await fixture.unlink("f")
    try await fixture.write(file, "more", at: 9)
    try await fixture.close(file)
    #expect(fixture.errors == "")
    #expect(fixture.server.count(.upload) == 0)
  }

  @Test func theEndOfTheMountSavesWhatDoesNotArriveInTime() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("f", [.write])
    try await fixture.write(file, "precious")
    _ = fixture.server.hold(.upload)
    let ending = Task { await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in } }
    await fixture.server.requests(.upload, 1)
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(10))
    #expect(await ending.value == ["7-t/files/f"])
    let directory = "/tmp/files-tests/rescue-\(UInt64.random(in: 0 ... .max))"
    let paths = await fixture.shared.rescue(to: directory)
    #expect(paths.map(\.path) == ["7-t/files/f"])
    #expect(try saved(fixture, paths[0].savedAs) == "precious")
    // The upload has ended, and none begins any more.
    fixture.server.letGo(.upload)
    await #expect(throws: Errno.interrupted) { try await file.fsync().get() }
    #expect(fixture.server.paths == [])
  }

  @Test func theEndTellsWhatCouldNotBeSaved() async throws {
    let fixture = WorkFixture()
    fixture.server.fail(.upload, FakeWorkServer.error(.connectionRefused))
    let file = try await fixture.create("f", [.write])
    try await fixture.write(file, "precious")
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(await fixture.shared.rescue(to: "/dev/null/rescue") == [])
    #expect(fixture.shared.losses.first?.hasPrefix("7-t/files/f: neither uploaded nor saved in") == true)
  }

  @Test func whatIsClosedGoesUpBeforeTheUnmount() async throws {
    let fixture = WorkFixture(.bare)
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 503))
    for name in ["closed", "open"] {
      let file = try await fixture.create(name, [.write])
      try await fixture.write(file, "precious")
      guard name == "closed" else { continue }
      _ = try? await file.flush(caller: WorkFixture.caller).get()
      try await file.release().get()
    }
    try await fixture.save("g~", "until its rename")
    fixture.server.fail(.upload, nil)
    await fixture.shared.uploadClosed(until: fixture.time.source.uptime() + .seconds(60)) { _ in }
    #expect(fixture.server.paths == ["closed"])
    // A close goes on as before.
    try await fixture.save("later", "1")
    #expect(fixture.server.paths == ["closed", "later"])
  }

  @Test func theUnmountWaitsForACloseThatIsUnderWayAndNoLonger() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("f", [.write])
    try await fixture.write(file, "precious")
    _ = fixture.server.hold(.upload)
    let closing = Task { try await file.flush(caller: WorkFixture.caller).get() }
    await fixture.server.requests(.upload, 1)
    let end = fixture.time.source.uptime() + .seconds(60)
    let first = Task { await fixture.shared.uploadClosed(until: end) { _ in } }
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(60))
    await first.value
    #expect(fixture.server.paths == [])
    fixture.server.letGo(.upload)
    try await closing.value
    #expect(fixture.server.text("f") == "precious")
  }

  @Test func aFileThatIsOnlyMadeReachesTheServer() async throws {
    let fixture = WorkFixture()
    // As flock(1) and lockf do: O_RDONLY | O_CREAT.
    let file = try await fixture.create("lock", [.read])
    try await file.release().get()
    await fixture.server.requests(.upload, 1)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("lock") == "")
  }

  @Test func whoHasAFileOpenReadsOnWhenItIsRemovedOrReplaced() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "first")
    fixture.server.put("g", "second")
    let file = try await fixture.open("f").file
    try await fixture.rename("g", "f")
    #expect(try await fixture.readAll(file) == Array("first".utf8))
    let second = try await fixture.open("f").file
    try await fixture.unlink("f")
    #expect(try await fixture.readAll(second) == Array("second".utf8))
    #expect(try await fixture.readAll(file) == Array("first".utf8))
    try await file.release().get()
    try await second.release().get()
    #expect(fixture.server.paths == [])
    #expect(fixture.server.count(.upload) == 0)
    #expect(await fixture.shared.uploadAll(deadline: .seconds(1)) { _ in } == [])
  }

  @Test func aCloseDuringARemovalUploadsNothing() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "old")
    let file = try await fixture.open("f", [.read, .write]).file
    try await fixture.write(file, "new")
    _ = fixture.server.hold(.remove)
    let removal = Task { try await fixture.unlink("f") }
    await fixture.server.requests(.remove, 1)
    let close = Task { try await fixture.close(file) }
    fixture.server.letGo(.remove)
    try await removal.value
    try await close.value
    #expect(fixture.server.paths == [])
    #expect(fixture.server.count(.upload) == 0)
    #expect(fixture.errors == "")
  }

  @Test func aCloseDuringARenameGoesToTheNewName() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "old")
    let file = try await fixture.open("f", [.read, .write]).file
    _ = fixture.server.hold(.move)
    let rename = Task { try await fixture.rename("f", "g") }
    await fixture.server.requests(.move, 1)
    try await fixture.write(file, "new")
    let close = Task { try await fixture.close(file) }
    fixture.server.letGo(.move)
    try await rename.value
    try await close.value
    #expect(fixture.server.paths == ["g"])
    #expect(fixture.server.text("g") == "new")
    #expect(fixture.server.log.filter { $0.hasPrefix("upload") } == ["upload g"])
  }

  @Test func aCloseDuringTheRenameOfItsDirectoryGoesToTheNewPath() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/e/f", "old")
    let file = try await fixture.open("d/e/f", [.read, .write]).file
    try await fixture.write(file, "new")
    _ = fixture.server.hold(.move)
    let rename = Task { try await fixture.rename("d", "c") }
    await fixture.server.requests(.move, 1)
    let close = Task { try await fixture.close(file) }
    fixture.server.letGo(.move)
    try await rename.value
    try await close.value
    #expect(fixture.server.paths == ["c/e/f"])
    #expect(fixture.server.text("c/e/f") == "new")
  }

  @Test func anInterruptedRenameGoesOn() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "old")
    _ = fixture.server.hold(.move)
    let rename = Task { try await fixture.rename("f", "g") }
    await fixture.server.requests(.move, 1)
    rename.cancel()
    await #expect(throws: Errno.interrupted) { try await rename.value }
    let second = Task { try await fixture.rename("f", "h") }
    fixture.server.letGo(.move)
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await second.value }
    #expect(fixture.server.paths == ["g"])
    #expect(try await fixture.names() == ["g"])
  }
}
