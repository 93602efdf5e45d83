import Beray
import BerayAPI
import Synchronization
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite struct WorkWriteTests {
  /// So the kernel's check of its mode costs no call; an upload of nothing gives it another time.
  @Test(arguments: [nil, Duration.zero])
  func theAttributesOfANewFileCountForAMoment(_ freshness: Duration?) async throws {
    let fixture = WorkFixture(freshness: freshness)
    let made = try await fixture.tree.root.create(
      "f", permissions: 0o640, flags: [.write, .exclusive], caller: WorkFixture.caller
    ).get()
    let known = try #require(made.found.attributes)
    #expect((known.attributes.permissions, known.attributes.size) == (0o640, 0))
    #expect(known.timeout == (freshness ?? .seconds(1)))
    fixture.notices.clear()
    try await made.opened.file.release().get()
    await fixture.server.requests(.upload, 1)
    await fixture.settle()
    #expect(fixture.server.text("f") == "")
    #expect(fixture.notices.all.contains("attributes \(made.found.node.inode.rawValue)"))
  }

  private let readWrite: OpenFlags = [.read, .write]

  /// Waits until nothing is on its way to the server.
  private func settle(_ fixture: WorkFixture, _ uploads: Int) async {
    await fixture.server.requests(.upload, uploads)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
  }

  @Test func echoIsOneUpload() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "before")
    let file = try await fixture.open("f", [.write, .truncate]).file
    try await file.flush(caller: WorkFixture.caller).get()
    #expect(fixture.server.count(.upload) == 0)
    try await fixture.write(file, "x\n")
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "x\n")
    #expect(fixture.server.count(.upload) == 1)
    #expect(fixture.server.count(.content) == 0)
    #expect(try await fixture.text("f") == "x\n")
    #expect(fixture.server.count(.content) == 0)
  }

  @Test func createAsksNothingAndAnEmptyFileGoesUpAtRelease() async throws {
    let fixture = WorkFixture()
    _ = try await fixture.names()
    let file = try await fixture.create("f")
    #expect(fixture.server.total == 1)
    try await file.flush(caller: WorkFixture.caller).get()
    #expect(fixture.server.count(.upload) == 0)
    try await file.release().get()
    await settle(fixture, 1)
    #expect(fixture.server.text("f") == "")
    #expect(fixture.server.count(.upload) == 1)
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.names() == ["f"])
  }

  @Test func onlyTheOpenersCloseUploads() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("log")
    try await fixture.write(file, "one")
    try await file.flush(caller: WorkFixture.caller(20)).get()
    #expect(fixture.server.count(.upload) == 0)
    try await file.flush(caller: WorkFixture.caller(13)).get()
    #expect(fixture.server.count(.upload) == 1)
    try await file.flush(caller: WorkFixture.caller(13)).get()
    #expect(fixture.server.count(.upload) == 1)
    try await fixture.write(file, "two", at: 3)
    try await file.release().get()
    await settle(fixture, 2)
    #expect(fixture.server.text("log") == "onetwo")
    #expect(fixture.server.count(.upload) == 2)
  }

  @Test func aPartialWriteKeepsTheRest() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "0123456789")
    let file = try await fixture.open("f", readWrite).file
    try await fixture.write(file, "ab", at: 4)
    try await fixture.write(file, "z", at: 12)
    #expect(try await fixture.readAll(file) == Array("0123ab6789\0\0z".utf8))
    #expect(try await fixture.stat("f").size == 13)
    try await file.fsync().get()
    #expect(fixture.server.text("f") == "0123ab6789\0\0z")
    try await fixture.close(file)
    #expect(fixture.server.count(.upload) == 1)
    #expect(fixture.server.count(.content) == 1)
  }

  @Test func appendsGoToTheEndAndHandlesSeeEachOther() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "12")
    let a = try await fixture.open("f", [.write, .append]).file
    let b = try await fixture.open("f", [.read, .write, .append], thread: 20).file
    try await fixture.write(a, "34", at: nil)
    try await fixture.write(b, "56", at: nil)
    #expect(try await fixture.readAll(b) == Array("123456".utf8))
    // A store through a mapping of such a handle has its place.
    try await fixture.write(b, "6", at: 5)
    try await fixture.close(a)
    try await fixture.close(b, thread: 20)
    #expect(fixture.server.text("f") == "123456")
    #expect(fixture.server.count(.upload) == 1)
  }

  @Test func truncateByPathIsOneUpload() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "0123456789")
    let node = try await fixture.node("f")
    let reply = try await node.setattr(.init(size: 4), file: nil, caller: WorkFixture.caller).get()
    #expect(reply.attributes.size == 4)
    #expect(fixture.server.text("f") == "0123")
    _ = try await node.setattr(.init(size: 6), file: nil, caller: WorkFixture.caller).get()
    #expect(fixture.server.text("f") == "0123\0\0")
    #expect(fixture.server.count(.upload) == 2)
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 413))
    await #expect(throws: Errno.fileTooLarge) {
      try await node.setattr(.init(size: 0), file: nil, caller: WorkFixture.caller).get()
    }
    #expect(try await fixture.text("f") == "0123\0\0")
    #expect(fixture.shared.status.pending.isEmpty)
  }

  @Test func aTruncationThatFailsDropsNothingOfOthers() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "0123456789")
    let node = try await fixture.node("f")
    _ = fixture.server.hold(.upload)
    let truncation = Task {
      try await node.setattr(.init(size: 4), file: nil, caller: WorkFixture.caller).get()
    }
    await fixture.server.requests(.upload, 1)
    let other = try await fixture.open("f", [.write]).file
    try await fixture.write(other, "XX")
    try await other.release().get()
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 413))
    fixture.server.letGo(.upload)
    await #expect(throws: Errno.fileTooLarge) { try await truncation.value }
    await fixture.server.requests(.upload, 2)
    #expect(try await fixture.text("f") == "XX23")
    #expect(fixture.shared.status.pending.count == 1)
  }

  @Test func aTruncationThatIsInterruptedIsTriedAgain() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "0123456789")
    let node = try await fixture.node("f")
    _ = fixture.server.hold(.upload)
    let truncation = Task {
      try await node.setattr(.init(size: 4), file: nil, caller: WorkFixture.caller).get()
    }
    await fixture.server.requests(.upload, 1)
    truncation.cancel()
    await #expect(throws: Errno.interrupted) { try await truncation.value }
    fixture.server.fail(.upload, FakeWorkServer.error(.connectionRefused))
    fixture.server.letGo(.upload)
    await fixture.time.sleepers(1)
    fixture.server.fail(.upload, nil)
    fixture.time.advance(by: .seconds(1))
    await fixture.server.requests(.upload, 2)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f") == "0123")
  }

  @Test func ourOwnUploadIsNoForeignChange() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("f")
    try await fixture.write(file, "text")
    try await fixture.close(file)
    fixture.notices.clear()
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.open("f").options.contains(.keepCache))
    #expect(try await fixture.text("f") == "text")
    #expect(fixture.server.count(.content) == 0)
    #expect(!fixture.notices.all.contains { $0.hasPrefix("pages") })
  }

  @Test func aListingFromBeforeTheUploadDoesNotUndoIt() async throws {
    let fixture = WorkFixture()
    fixture.server.put("other", "1")
    _ = try await fixture.names()
    fixture.tree.markStale()
    _ = fixture.server.hold(.upload)
    let file = try await fixture.create("f")
    try await fixture.write(file, "text")
    let closing = Task { try await fixture.close(file) }
    await fixture.server.requests(.upload, 1)
    // The listing is asked for while the upload is under way, and shows the directory without it.
    #expect(try await fixture.names() == ["other", "f"])
    fixture.server.letGo(.upload)
    try await closing.value
    #expect(try await fixture.names() == ["other", "f"])
  }

  @Test func theModeOfANewFileReachesTheServer() async throws {
    let fixture = WorkFixture()
    let made = try await fixture.tree.root.create(
      "run", permissions: 0o755, flags: [.write], caller: WorkFixture.caller
    ).get()
    try await fixture.write(made.opened.file, "#!/bin/sh\n")
    try await fixture.close(made.opened.file)
    #expect(fixture.server.file("run")?.mode == 0o755)
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.stat("run").permissions == 0o755)
    #expect(try await fixture.text("run") == "#!/bin/sh\n")
    #expect(fixture.server.count(.content) == 0)
  }

  @Test func aSparseFileTakesNoMemory() async throws {
    var limits = WorkShared.Limits()
    limits.bufferInMemory = 1 << 20
    let fixture = WorkFixture(limits: limits)
    let file = try await fixture.create("f")
    try await fixture.write(file, "start")
    try await fixture.write(file, "end", at: 64 << 20)
    #expect(fixture.shared.bufferMemory.value == 0)
    #expect(try await fixture.stat("f").size == 64 << 20 + 3)
    let end = try await file.read(offset: 64 << 20 - 1, count: 10, flags: .read).get()
    #expect(Array(end) == Array("\0end".utf8))
    let start = try await file.read(offset: 0, count: 6, flags: .read).get()
    #expect(Array(start) == Array("start\0".utf8))
    try await fixture.close(file)
    #expect(fixture.server.file("f")?.bytes.count == 64 << 20 + 3)
    #expect(fixture.server.file("f")?.bytes.suffix(3).elementsEqual("end".utf8) == true)
  }

  /// Random writes, truncations and reads against a plain array.
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func randomWritesMatchAModel(_ seed: UInt64) async throws {
    var random = SeededGenerator(seed)
    var limits = WorkShared.Limits()
    limits.bufferInMemory = seed % 2 == 0 ? 3000 : 1 << 20
    let fixture = WorkFixture(limits: limits)
    var model = [UInt8]((0..<2000).map { _ in UInt8.random(in: 0...255, using: &random) })
    fixture.server.put("f", model)
    let file = try await fixture.open("f", readWrite).file
    for _ in 0..<200 {
      switch Int.random(in: 0..<5, using: &random) {
      case 0, 1:
        let offset = Int.random(in: 0..<5000, using: &random)
        let bytes = [UInt8](
          (0..<Int.random(in: 1..<400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
        try await fixture.write(file, bytes, at: Int64(offset))
        if model.count < offset + bytes.count {
          model += [UInt8](repeating: 0, count: offset + bytes.count - model.count)
        }
        model.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      case 2:
        let size = Int.random(in: 0..<5000, using: &random)
        _ = try await fixture.node("f").setattr(.init(size: Int64(size)), file: file, caller: WorkFixture.caller).get()
        model = Array(model.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - model.count))
      case 3:
        try await file.fsync().get()
        #expect(fixture.server.file("f")?.bytes == model, "seed \(seed)")
      default:
        #expect(try await fixture.readAll(file) == model, "seed \(seed)")
        #expect(try await fixture.stat("f").size == Int64(model.count), "seed \(seed)")
      }
    }
    try await fixture.close(file)
    #expect(fixture.server.file("f")?.bytes == model, "seed \(seed)")
    #expect(try await fixture.read("f") == model, "seed \(seed)")
  }
}
