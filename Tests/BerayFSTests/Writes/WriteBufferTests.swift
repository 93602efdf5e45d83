import Beray
import BerayAPI
import Synchronization
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What a file's ``WriteBuffer`` takes, and where it is kept.
@Suite(.timeLimit(.minutes(5))) struct WriteBufferTests {
  private let caller = WorkFixture.caller

  @Test func aRetiredBufferTakesNothing() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "begin")
    let node = try #require(try await fixture.node("f") as? WorkFile)
    let file = try await fixture.open("f", [.read, .write]).file
    try await fixture.write(file, "mine!")
    try await file.fsync().get()
    let buffer = try #require(node.buffer)
    // The first listing after an upload is its own.
    fixture.tree.markStale()
    _ = try await fixture.names()
    fixture.server.put("f", "theirs, and longer")
    fixture.tree.markStale()
    _ = try await fixture.names()
    #expect(fixture.shared.writtenFiles.isEmpty)
    #expect(try buffer.write([1, 2, 3].span.bytes, at: 0, now: fixture.time.source.now()) == .retired)
    #expect(try buffer.truncate(to: 1, now: fixture.time.source.now()) == .retired)
    #expect(try await !buffer.writeToDisk([1], at: 0, now: fixture.time.source.now()))
    try await fixture.write(file, "THEIRS")
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "THEIRS, and longer")
  }

  @Test func aTruncationThatFailsLeavesWhatAWriterDid() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "0123456789")
    let node = try await fixture.node("f")
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 413))
    _ = fixture.server.hold(.upload)
    let truncation = Task { try await node.setattr(.init(size: 4), file: nil, caller: caller).get() }
    await fixture.server.requests(.upload, 1)
    let file = try await fixture.open("f", [.write]).file
    try await fixture.write(file, "ab")
    fixture.server.letGo(.upload)
    await #expect(throws: Errno.fileTooLarge) { _ = try await truncation.value }
    fixture.server.fail(.upload, nil)
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "ab23")
  }

  @Test func noFileIsLargerThanAnyDisk() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("f")
    await #expect(throws: Errno.fileTooLarge) { try await fixture.write(file, "x", at: .max - 1) }
    let node = try await fixture.node("f")
    for size in [WriteBuffer.maximumSize + 1, .max] {
      await #expect(throws: Errno.fileTooLarge) {
        try await node.setattr(.init(size: size), file: file, caller: caller).get()
      }
    }
    #expect(try await fixture.stat("f").size == 0)
  }

  @Test func aWriteThatFailsLeavesTheFileAsItWas() async throws {
    var limits = WorkShared.Limits()
    limits.bufferInMemory = 4
    // Not a directory, so that nothing can spill.
    let fixture = WorkFixture(limits: limits, spillDirectory: "/dev/null")
    fixture.server.put("f", "old")
    let file = try await fixture.open("f", [.read, .write]).file
    await #expect(throws: Errno.notDirectory) { try await fixture.write(file, "longer") }
    #expect(try await fixture.readAll(file) == Array("old".utf8))
    try await fixture.close(file)
    #expect(try await fixture.text("f") == "old")
    #expect(fixture.server.count(.upload) == 0)
  }

  @Test func temporaryFilesLeaveDescriptorsForTheRest() throws {
    let space = SpillSpace(directory: "/tmp/files-tests/spill", limit: 2)
    var files = [try space.makeFile(), try space.makeFile()]
    #expect(throws: Errno.noSpace) { try space.makeFile() }
    files.removeLast()
    files.append(try space.makeFile())
    #expect(files.count == 2)
  }
}
