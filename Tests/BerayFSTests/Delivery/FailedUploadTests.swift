import Beray
import BerayAPI
import Synchronization
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What becomes of an upload that fails, or that meets what others did.
@Suite struct FailedUploadTests {
  /// Waits until nothing is on its way to the server.
  private func settle(_ fixture: WorkFixture, _ uploads: Int) async {
    await fixture.server.requests(.upload, uploads)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
  }

  @Test func anInterruptLeavesTheUploadAlone() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("f")
    try await fixture.write(file, "text")
    _ = fixture.server.hold(.upload)
    let closing = Task { try await file.flush(caller: WorkFixture.caller).get() }
    await fixture.server.requests(.upload, 1)
    closing.cancel()
    await #expect(throws: Errno.interrupted) { try await closing.value }
    fixture.server.letGo(.upload)
    try await file.release().get()
    await settle(fixture, 1)
    #expect(fixture.server.text("f") == "text")
    #expect(fixture.server.count(.upload) == 1)
  }

  @Test func aFailedUploadIsToldKeptAndTriedAgain() async throws {
    let fixture = WorkFixture()
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 503))
    let file = try await fixture.create("f")
    try await fixture.write(file, "precious")
    await #expect(throws: Errno.ioError) { try await file.flush(caller: WorkFixture.caller).get() }
    try await file.release().get()
    #expect(fixture.server.count(.upload) == 1)
    #expect(try await fixture.text("f") == "precious")
    let pending = fixture.shared.status.pending
    #expect(pending.map(\.path) == ["7-t/files/f"])
    #expect(pending.first?.bytes == 8)
    #expect(pending.first?.error == "as the test wants it")
    #expect(fixture.context.failures.text.text.contains("close\t7-t/files/f\tEIO\t503"))
    fixture.server.fail(.upload, nil)
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(1))
    await settle(fixture, 2)
    #expect(fixture.server.text("f") == "precious")
    #expect(fixture.shared.status.pending.isEmpty)
  }

  @Test func aFailedUploadIsAConflictWhereTheServerHasAnotherVersion() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "begin")
    let file = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(file, "mine")
    fixture.server.fail(.upload, FakeWorkServer.error(.connectionLost))
    await #expect(throws: Errno.ioError) { try await file.flush(caller: WorkFixture.caller).get() }
    try await file.release().get()
    fixture.server.fail(.upload, nil)
    fixture.server.put("f", "theirs!")
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(1))
    await fixture.server.requests(.tree, 2)
    while !fixture.context.failures.text.text.contains("bytes written here are kept") { await Task.yield() }
    #expect(fixture.server.text("f") == "theirs!")
    #expect(try await fixture.text("f") == "mine")
    #expect(fixture.shared.status.pending.count == 1)
  }

  @Test func aFileThatSomebodyElseMadeMeanwhileIsReplacedAndTold() async throws {
    let fixture = WorkFixture()
    _ = try await fixture.names()
    let file = try await fixture.create("f")
    try await fixture.write(file, "mine")
    fixture.server.put("f", "theirs!")
    fixture.tree.markStale()
    _ = try await fixture.names()
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.context.failures.text.text.contains("this upload replaced that version"))
  }

  @Test(arguments: [true, false])
  func theLastCloseWinsAndTellsOfIt(isListed: Bool) async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "begin")
    let file = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(file, "mine")
    fixture.server.put("f", "theirs!")
    fixture.time.advance(by: .seconds(31))
    if isListed { _ = try await fixture.names() }
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.context.failures.text.text.contains("this upload replaced that version"))
  }

  @Test func whatCouldNotBeUploadedIsSaved() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/other", "1")
    fixture.server.fail(.upload, FakeWorkServer.error(.connectionRefused))
    let file = try await fixture.create("d/f")
    try await fixture.write(file, "precious")
    await #expect(throws: Errno.connectionRefused) { try await file.flush(caller: WorkFixture.caller).get() }
    let lines = Box<[String]>([])
    let unsaved = await fixture.shared.uploadAll(deadline: .seconds(10)) { lines.value.append($0) }
    #expect(unsaved == ["7-t/files/d/f"])
    #expect(lines.value == ["uploading 1 of 1: 7-t/files/d/f"])
    let directory = "/tmp/files-tests/rescue-\(UInt64.random(in: 0 ... .max))"
    let saved = await fixture.shared.rescue(to: directory)
    #expect(saved.map(\.path) == ["7-t/files/d/f"])
    let descriptor = try FileDescriptor.open(FilePath(saved[0].savedAs), .readOnly)
    defer { try? descriptor.close() }
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = try bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }
    #expect(bytes.prefix(count).elementsEqual("precious".utf8))
    let again = await fixture.shared.rescue(to: directory)
    #expect(again.map(\.path) == ["7-t/files/d/f"])
    #expect(again != saved)
  }

  @Test func whatIsKeptIsBounded() async throws {
    var limits = WorkShared.Limits()
    limits.kept = 10
    let fixture = WorkFixture(limits: limits)
    fixture.server.fail(.upload, FakeWorkServer.error(.connectionRefused))
    let file = try await fixture.create("f")
    try await fixture.write(file, "0123456789")
    await #expect(throws: Errno.connectionRefused) { try await file.flush(caller: WorkFixture.caller).get() }
    await #expect(throws: Errno.noSpace) { try await fixture.write(file, "more", at: 10) }
    fixture.server.fail(.upload, nil)
    try await file.flush(caller: WorkFixture.caller).get()
    #expect(try await fixture.write(file, "more", at: 10) == 4)
  }

  @Test func whatIsRemovedMakesRoom() async throws {
    var limits = WorkShared.Limits()
    limits.kept = 10
    let fixture = WorkFixture(limits: limits)
    fixture.server.put("f", "before")
    fixture.server.put("other", "text")
    let other = try await fixture.open("other", [.read, .write]).file
    let file = try await fixture.open("f", [.read, .write]).file
    fixture.server.fail(.upload, FakeWorkServer.error(.connectionRefused))
    try await fixture.write(file, "0123456789")
    await #expect(throws: Errno.connectionRefused) { try await file.flush(caller: WorkFixture.caller).get() }
    await #expect(throws: Errno.noSpace) { try await fixture.write(other, "more") }
    try await fixture.unlink("f")
    #expect(try await fixture.write(other, "more") == 4)
  }
}
