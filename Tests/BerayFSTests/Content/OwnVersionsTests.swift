import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What this mount wrote is not taken for somebody else's version, also where the answer to an upload was lost.
@Suite struct OwnVersionsTests {
  typealias Server = OthersVersionsTests.Server

  static let servers = OthersVersionsTests.servers
  static let telling = OthersVersionsTests.telling

  private static let replaced = OthersVersionsTests.replaced
  private static let kept = OthersVersionsTests.kept

  @Test(arguments: servers)
  func aLostAnswerIsNoConflict(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    _ = try await fixture.names()
    fixture.server.loseAnswer(.upload)
    await #expect(throws: Errno.ioError) { try await fixture.save("f", "mine") }
    #expect(fixture.shared.status.pending.count == 1)
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(2))
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.shared.status.pending.isEmpty)
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.server.count(.upload) <= 2)
    #expect(!fixture.errors.contains(Self.kept) && !fixture.errors.contains(Self.replaced))
  }

  @Test(arguments: servers)
  func anAppendAfterALostAnswerIsThereOnce(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    _ = try await fixture.names()
    let file = try await fixture.create("log", [.write, .append])
    try await fixture.write(file, "one\n", at: nil)
    fixture.server.loseAnswer(server.appending)
    await #expect(throws: Errno.ioError) { try await file.fsync().get() }
    try await fixture.write(file, "two\n", at: nil)
    try await fixture.close(file)
    #expect(fixture.server.text("log") == "one\ntwo\n")
    #expect(!fixture.errors.contains(Self.kept) && !fixture.errors.contains(Self.replaced))
  }

  /// All of a file that was moved to another name is new there, though no program wrote to it.
  @Test(arguments: telling)
  func aNewTimeOfOursIsNoForeignVersion(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    let file = try await fixture.create("f")
    try await fixture.write(file, "one")
    try await file.fsync().get()
    let node = try await fixture.node("f")
    let time = AttributeChanges(modified: .at(Timestamp(seconds: 1_000_000)))
    _ = try await node.setattr(time, file: file, caller: WorkFixture.caller).get()
    fixture.notices.clear()
    fixture.tree.markStale()
    _ = try await fixture.names()
    try await fixture.write(file, "two", at: 3)
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "onetwo")
    _ = try await node.setattr(time, file: nil, caller: WorkFixture.caller).get()
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.stat("f").modified == Timestamp(seconds: 1_000_000))
    #expect(try await fixture.text("f") == "onetwo")
    #expect(fixture.server.count(.content) == 0)
    #expect(!fixture.notices.all.contains { $0.hasPrefix("pages") })
    #expect(fixture.errors == "")
  }

  /// Where the answer to an upload names no version, the listing before the next one tells it.
  @Test(arguments: servers, [nil, 1] as [Int64?])
  func theNextUploadAsksForNoContent(_ server: Server, offset: Int64?) async throws {
    let fixture = WorkFixture(server.manner)
    let file = try await fixture.create("f", offset == nil ? [.write, .append] : .write)
    try await fixture.write(file, "one", at: offset == nil ? nil : 0)
    try await file.fsync().get()
    fixture.time.advance(by: .seconds(2))
    try await fixture.write(file, "two", at: offset)
    try await fixture.close(file)
    #expect(fixture.server.text("f") == (offset == nil ? "onetwo" : "otwo"))
    #expect(fixture.errors == "")
    if server.manner.tellsTimes { #expect(fixture.server.count(.content) == 0) }
  }

  @Test(arguments: servers)
  func ourVersionIsOursAfterARefresh(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    try await fixture.save("f", "one")
    fixture.tree.dropCaches()
    let file = try await fixture.open("f", [.read, .write]).file
    try await fixture.write(file, "x", at: 1)
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "oxe")
    #expect(fixture.errors == "")
  }

  // MARK: - Content that is too large for memory

  @Test(arguments: servers)
  func whatIsWrittenAfterLostAnswersGoesUp(_ server: Server) async throws {
    let fixture = WorkFixture(server.manner)
    fixture.server.put("f", "old")
    let file = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(file, "first")
    fixture.server.loseAnswer(.upload)
    await #expect(throws: Errno.ioError) { try await file.flush(caller: WorkFixture.caller).get() }
    try await fixture.write(file, "SECOND")
    // Nothing of it arrives, and the server still has the first.
    fixture.server.fail(.upload, FakeWorkServer.error(.connectionLost))
    try? await fixture.close(file)
    fixture.server.fail(.upload, nil)
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(2))
    await fixture.server.requests(.upload, 3)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f") == "SECOND")
    #expect(fixture.shared.status.pending.isEmpty)
    #expect(!fixture.errors.contains(Self.replaced) && !fixture.errors.contains(Self.kept))
  }
}
