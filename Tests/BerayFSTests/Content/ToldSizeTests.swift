import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// The kernel cuts what it reads at the size that it was told, and fills what is missing with zeros. So a read gets the
/// content of that size, and the new one comes with its own.
@Suite(.timeLimit(.minutes(5))) struct ToldSizeTests {
  static let manners: [FakeWorkServer.Manner] = [.full, .ours, .bare]

  private func bytes(_ value: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: value, count: count) }

  /// Others give the file other content, and a listing shows it.
  private func change(_ name: String, _ content: [UInt8], in fixture: WorkFixture) async throws {
    fixture.server.put(name, content)
    fixture.tree.markStale()
    _ = try await fixture.names()
    await fixture.settle()
  }

  private func readAtOnce(_ file: any OpenFile, at offset: Int64 = 0) async throws -> [UInt8] {
    Array(try await file.read(offset: offset, count: 128 << 10, flags: .read).get())
  }

  @Test(arguments: manners, [30_000, 10_000, 0])
  func aReadGetsTheContentWhoseSizeWasTold(_ manner: FakeWorkServer.Manner, _ newSize: Int) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    #expect(try await node.getattr(file).get().attributes.size == 20_000)
    #expect(isSame(try await readAtOnce(file), bytes(1, 20_000)))
    try await change("f", bytes(2, newSize), in: fixture)
    #expect(isSame(try await readAtOnce(file), bytes(1, 20_000)))
    #expect(try await readAtOnce(file, at: 20_000) == [])
    // A program that has it open sees both change together.
    #expect(try await node.getattr(nil).get().attributes.size == Int64(newSize))
    #expect(isSame(try await readAtOnce(file), bytes(2, newSize)))
    try await file.release().get()
  }

  /// Two changes, and nobody asked for attributes between them.
  @Test(arguments: manners) func whatWasNeverToldIsNeverRead(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    _ = try await readAtOnce(file)
    try await change("f", bytes(2, 30_000), in: fixture)
    try await change("f", bytes(3, 40_000), in: fixture)
    #expect(isSame(try await readAtOnce(file), bytes(1, 20_000)))
    #expect(try await node.getattr(file).get().attributes.size == 40_000)
    #expect(isSame(try await readAtOnce(file), bytes(3, 40_000)))
    try await file.release().get()
  }

  /// Attributes that the kernel asked for before a notice came do not count for it.
  @Test func untilTheKernelHasTheNoticeItIsToldTheFormerSize() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    _ = try await readAtOnce(file)
    let before = try await node.getattr(file).get().attributes
    fixture.notices.hold()
    try await change("f", bytes(2, 30_000), in: fixture)
    let meanwhile = try await node.getattr(file).get()
    #expect(meanwhile.attributes.size == 20_000)
    #expect(meanwhile.attributes.modified == before.modified)
    #expect(meanwhile.timeout == .zero)
    #expect(isSame(try await readAtOnce(file), bytes(1, 20_000)))
    fixture.notices.letGo()
    #expect(try await node.getattr(file).get().attributes.size == 30_000)
    #expect(isSame(try await readAtOnce(file), bytes(2, 30_000)))
    try await file.release().get()
  }

  /// A read that waits for the server is in the way of a notice. It does not hide the new size for long.
  @Test func aNoticeThatDoesNotGetThroughHidesTheNewSizeForASecond() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    _ = try await readAtOnce(file)
    fixture.notices.hold()
    try await change("f", bytes(2, 30_000), in: fixture)
    #expect(try await node.getattr(file).get().attributes.size == 20_000)
    fixture.time.advance(by: .seconds(1))
    #expect(try await node.getattr(file).get().attributes.size == 30_000)
    fixture.notices.letGo()
    try await file.release().get()
  }

  /// Where memory has it no more, the present content is better than none.
  @Test func whatIsNotInMemoryIsReadAsItIsNow() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let file = try await fixture.open("f", [.read, .write]).file
    let old = try #require(try await fixture.node("f") as? WorkFile)
    fixture.tree.shared.cache.removeAll(of: [old.inode])
    try await change("f", bytes(2, 30_000), in: fixture)
    #expect(isSame(try await readAtOnce(file), bytes(2, 30_000)))
    try await file.release().get()
  }

  /// A kernel that keeps no pages cuts nothing.
  @Test func whoReadsPastThePagesReadsTheNewContent() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let file = try await fixture.open("f").file
    _ = try await readAtOnce(file)
    try await change("f", bytes(2, 30_000), in: fixture)
    let direct = try await fixture.open("f")
    #expect(direct.options.contains(.directIO))
    #expect(isSame(try await readAtOnce(direct.file), bytes(2, 30_000)))
    try await file.release().get()
    try await direct.file.release().get()
  }

  /// What programs write here the kernel knows by itself.
  @Test(arguments: manners) func ownWritesAreReadAtOnce(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let reader = try await fixture.open("f").file
    _ = try await readAtOnce(reader)
    let writer = try await fixture.open("f", [.read, .write]).file
    try await change("f", bytes(2, 30_000), in: fixture)
    try await fixture.write(writer, bytes(3, 50_000), at: 0)
    #expect(isSame(try await readAtOnce(writer), bytes(3, 50_000)))
    try await fixture.close(writer)
    #expect(isSame(try await readAtOnce(reader), bytes(3, 50_000)))
    try await reader.release().get()
  }

  /// It was changed once more between its listing and its content: size and bytes are those of the later one.
  @Test(arguments: manners) func aContentThatIsNewerThanItsListingBringsItsSize(
    _ manner: FakeWorkServer.Manner
  ) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    _ = try await readAtOnce(file)
    let asked = fixture.server.count(.content)
    _ = fixture.server.hold(.content)
    fixture.server.put("f", bytes(2, 30_000))
    fixture.tree.markStale()
    _ = try await fixture.names()
    await fixture.server.requests(.content, asked + 1)
    fixture.server.put("f", bytes(3, 40_000))
    fixture.server.letGo(.content)
    await fixture.settle()
    #expect(try await node.getattr(file).get().attributes.size == 40_000)
    #expect(isSame(try await readAtOnce(file), bytes(3, 40_000)))
    #expect(fixture.errors == "")
    try await file.release().get()
  }

  /// Each notice has its second.
  @Test func aSecondChangeIsHiddenUntilItsOwnNotice() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    _ = try await readAtOnce(file)
    try await change("f", bytes(2, 30_000), in: fixture)
    fixture.time.advance(by: .seconds(5))
    fixture.notices.hold()
    try await change("f", bytes(3, 40_000), in: fixture)
    #expect(try await node.getattr(file).get().attributes.size == 20_000)
    #expect(isSame(try await readAtOnce(file), bytes(1, 20_000)))
    fixture.notices.letGo()
    #expect(try await node.getattr(file).get().attributes.size == 40_000)
    try await file.release().get()
  }

  /// A program that opens the file after the change gets the new content, and its size.
  @Test func whoOpensItWaitsForTheNotice() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let file = try await fixture.open("f", [.read, .write]).file
    _ = try await readAtOnce(file)
    fixture.notices.hold()
    try await change("f", bytes(2, 30_000), in: fixture)
    let opening = Task { try await fixture.open("f", [.read, .write]).file }
    await fixture.time.sleepers(2)
    fixture.notices.letGo()
    let other = try await opening.value
    #expect(try await node.getattr(other).get().attributes.size == 30_000)
    #expect(isSame(try await readAtOnce(other), bytes(2, 30_000)))
    try await fixture.close(file)
    try await fixture.close(other)
  }

  /// A handle that has read the content between is never taken back.
  @Test func nobodyGoesBackToAFormerContent() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let file = try await fixture.open("f").file
    _ = try await readAtOnce(file)
    try await change("f", bytes(2, 20_000), in: fixture)
    #expect(isSame(try await readAtOnce(file), bytes(2, 20_000)))
    try await change("f", bytes(3, 30_000), in: fixture)
    #expect(isSame(try await readAtOnce(file), bytes(2, 20_000)))
    try await file.release().get()
  }

  /// A program that maps the file asks for no attributes.
  @Test func theFormerContentIsReadForTenSeconds() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let file = try await fixture.open("f").file
    _ = try await readAtOnce(file)
    try await change("f", bytes(2, 30_000), in: fixture)
    fixture.time.advance(by: .seconds(9))
    #expect(isSame(try await readAtOnce(file), bytes(1, 20_000)))
    fixture.time.advance(by: .seconds(1))
    #expect(isSame(try await readAtOnce(file), bytes(2, 30_000)))
    try await file.release().get()
  }

  // MARK: - After a refusal

  /// A program that looks at the head of a file again and again is told once that the file is another.
  @Test(arguments: manners) func whoIsRefusedByTheSizeReadsOn(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    _ = try await file.read(offset: 0, count: 4096, flags: .read).get()
    try await change("f", bytes(2, 10_000), in: fixture)
    await #expect(throws: Errno.staleNFSFileHandle) { _ = try await node.getattr(file).get() }
    #expect(try await node.getattr(file).get().attributes.size == 10_000)
    #expect(isSame(try await readAtOnce(file), bytes(2, 10_000)))
    try await file.release().get()
  }

  /// The kernel may have the first page: then a read from the start would come as one from the middle.
  @Test(arguments: manners) func whoIsRefusedByAReadFindsNoPages(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    // As unzip(1), from the end.
    _ = try await file.read(offset: 16_384, count: 4096, flags: .read).get()
    try await change("f", bytes(2, 30_000), in: fixture)
    #expect(try await node.getattr(nil).get().attributes.size == 30_000)
    fixture.notices.clear()
    await #expect(throws: Errno.staleNFSFileHandle) {
      _ = try await file.read(offset: 4096, count: 4096, flags: .read).get()
    }
    #expect(fixture.notices.all == ["pages \(node.inode.rawValue)"])
    #expect(isSame(try await readAtOnce(file), bytes(2, 30_000)))
    try await file.release().get()
  }
}
