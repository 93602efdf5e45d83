import Beray
import BerayAPI
import Synchronization
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Readers get one version of a file, or ESTALE, and never a mixture.
@Suite(.timeLimit(.minutes(5))) struct VersionTests {
  static let manners: [FakeWorkServer.Manner] = [.full, .ours, .bare]

  private func bytes(_ value: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: value, count: count) }

  /// Reads as cat(1) does, until the end or an error.
  private func read(_ fixture: WorkFixture, _ file: any OpenFile, from start: Int) async -> ([UInt8], Errno?) {
    var bytes: [UInt8] = []
    do throws(Errno) {
      while true {
        let offset = Int64(start + bytes.count)
        let piece = try await file.read(offset: offset, count: 128 << 10, flags: .read).get()
        if piece.isEmpty { return (bytes, nil) }
        bytes += piece
      }
    } catch {
      return (bytes, error)
    }
  }

  @Test(arguments: manners, [20 << 20, 12 << 20, 30 << 20])
  func aLargeFileThatIsReplacedWhileItIsReadIsStale(_ manner: FakeWorkServer.Manner, _ newSize: Int) async throws {
    let fixture = WorkFixture(manner)
    fixture.server.put("big", bytes(1, 20 << 20))
    let file = try await fixture.open("big").file
    // So few that the blocks ahead, which are asked for early, do not reach the end.
    for number in 0..<2 {
      let piece = try await file.read(offset: Int64(number) << 20, count: 1 << 20, flags: .read).get()
      #expect(piece.allSatisfy { $0 == 1 })
    }
    fixture.server.put("big", bytes(2, newSize))
    let (rest, error) = await read(fixture, file, from: 2 << 20)
    #expect(rest.allSatisfy { $0 == 1 })
    if manner.capabilities.isEmpty, error == nil {
      // All of the old one had come before it was replaced.
      #expect(rest.count == 18 << 20)
    } else {
      #expect(error == .staleNFSFileHandle)
      #expect(fixture.errors.contains("changed on the server while it was read"), "\(fixture.errors)")
    }
    try await file.release().get()
    fixture.tree.markStale()
    #expect(isSame(try await fixture.read("big"), bytes(2, newSize)))
  }

  @Test(arguments: manners)
  func whoHasReadNothingReadsTheNewVersion(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner)
    fixture.server.put("big", bytes(1, 9 << 20))
    let file = try await fixture.open("big").file
    fixture.server.put("big", bytes(2, 10 << 20))
    if manner.capabilities.isEmpty { fixture.tree.markStale() }
    let (content, error) = await read(fixture, file, from: 0)
    #expect(error == nil)
    #expect(isSame(content, bytes(2, 10 << 20)))
  }

  @Test(arguments: [FakeWorkServer.Manner.ours, .bare])
  func aSmallFileThatIsReplacedWhileItIsReadIsStale(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    fixture.server.put("f", bytes(1, 2 << 20))
    let file = try await fixture.open("f").file
    _ = try await file.read(offset: 0, count: 128 << 10, flags: .read).get()
    fixture.server.put("f", bytes(2, 2 << 20))
    fixture.tree.markStale()
    _ = try await fixture.names()
    await fixture.settle()
    let (rest, error) = await read(fixture, file, from: 128 << 10)
    #expect((rest, error) == ([], .staleNFSFileHandle))
    // From the start it is read anew.
    let (content, other) = await read(fixture, file, from: 0)
    #expect(other == nil)
    #expect(isSame(content, bytes(2, 2 << 20)))
  }

  /// `tail -f`, or a grep(1) of a log that an agent writes.
  @Test(arguments: [FakeWorkServer.Manner.ours, .bare], [100_000, 9 << 20])
  func aLogThatGrowsIsReadOn(_ manner: FakeWorkServer.Manner, _ size: Int) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    let old = [UInt8]((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) })
    let new = old + bytes(9, 5000)
    fixture.server.put("log", old)
    let node = try await fixture.node("log")
    let file = try await fixture.open("log").file
    _ = try await file.read(offset: 0, count: 64 << 10, flags: .read).get()
    fixture.server.put("log", new)
    fixture.tree.markStale()
    _ = try await fixture.names()
    await fixture.settle()
    #expect(try await node.getattr(file).get().attributes.size == Int64(new.count))
    let (rest, error) = await read(fixture, file, from: 64 << 10)
    #expect(error == nil, "\(fixture.errors)")
    #expect(isSame(rest, Array(new[(64 << 10)...])))
  }

  /// A server whose clock ticks marks the tag of what was just written as weak, and later tells it without the mark.
  @Test(arguments: [20_000, 9 << 20])
  func aTagThatLosesItsMarkOfWeaknessIsNoOtherVersion(_ size: Int) async throws {
    let fixture = WorkFixture(.ours)
    let content = [UInt8]((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) })
    fixture.server.put("f", content)
    fixture.server.setWeak("f", true)
    let file = try await fixture.open("f").file
    _ = try await file.read(offset: 0, count: 4096, flags: .read).get()
    fixture.server.setWeak("f", false)
    fixture.tree.dropCaches()
    _ = try await fixture.names()
    await fixture.settle()
    let (rest, error) = await read(fixture, file, from: 4096)
    #expect(error == nil, "\(fixture.errors)")
    #expect(isSame(rest, Array(content[4096...])))
    try await file.release().get()
  }

  /// The kernel takes a smaller size for the end, unless it is told that the file is another.
  @Test func whoIsInTheMiddleIsNotToldASmallerSize() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("big", bytes(1, 20 << 20))
    let node = try await fixture.node("big")
    let file = try await fixture.open("big").file
    _ = try await file.read(offset: 0, count: 15 << 20, flags: .read).get()
    fixture.server.put("big", bytes(2, 5 << 20))
    fixture.tree.markStale()
    await #expect(throws: Errno.staleNFSFileHandle) { _ = try await node.getattr(file).get() }
    let reply = try await node.getattr(nil).get()
    #expect(reply.attributes.size == 5 << 20)
    #expect(reply.timeout == .zero)
    // Pages of the new one are not for the reader of the old one.
    let other = try await fixture.open("big")
    #expect(other.options.contains(.directIO))
    try await file.release().get()
    try await other.file.release().get()
    #expect(try await !fixture.open("big").options.contains(.directIO))
  }

  /// Two programs had the file open when it changed. One reads the new content from its start, which the kernel would
  /// keep for the other too: that one is in the middle of the old content, and would get the rest of another.
  @Test(arguments: manners)
  func whatOneReadsAnewIsNoPageForTheOther(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    fixture.server.put("f", bytes(1, 20_000))
    let node = try await fixture.node("f")
    let (one, other) = (try await fixture.open("f").file, try await fixture.open("f").file)
    _ = try await other.read(offset: 0, count: 4096, flags: .read).get()
    fixture.server.put("f", bytes(2, 70_000))
    fixture.tree.markStale()
    _ = try await fixture.names()
    await fixture.settle()
    #expect(try await node.getattr(one).get().attributes.size == 70_000)
    fixture.notices.clear()
    #expect(try await one.read(offset: 0, count: 128 << 10, flags: .read).get().count == 70_000)
    #expect(fixture.notices.all.contains("pages \(node.inode.rawValue)"))
    let (rest, error) = await read(fixture, other, from: 4096)
    #expect(rest.isEmpty)
    #expect(error == .staleNFSFileHandle)
    // From its start it reads the new one too: then nobody is in the middle of the old one, and pages stay.
    #expect(try await other.read(offset: 0, count: 128 << 10, flags: .read).get().count == 70_000)
    fixture.notices.clear()
    #expect(try await other.read(offset: 4096, count: 4096, flags: .read).get().count == 4096)
    #expect(fixture.notices.all == [])
    try await one.release().get()
    try await other.release().get()
  }

  /// What programs wrote is in a temporary file: its reads count as any other.
  @Test func whoReadsFromATemporaryFileIsInTheMiddleOfAVersion() async throws {
    var limits = WorkShared.Limits()
    limits.bufferInMemory = 1000
    let fixture = WorkFixture(.ours, limits: limits)
    let file = try await fixture.create("f", [.read, .write])
    try await fixture.write(file, bytes(1, 20_000), at: 0)
    _ = try await file.read(offset: 0, count: 4096, flags: .read).get()
    try await file.fsync().get()
    fixture.server.put("f", bytes(2, 20_000))
    fixture.tree.dropCaches()
    _ = try await fixture.names()
    await fixture.settle()
    let (rest, error) = await read(fixture, file, from: 4096)
    #expect((rest, error) == ([], .staleNFSFileHandle))
    try await file.release().get()
  }

  @Test func whatThisMountWritesIsReadOnByAll() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", bytes(1, 1 << 20))
    let reader = try await fixture.open("f").file
    _ = try await reader.read(offset: 0, count: 128 << 10, flags: .read).get()
    let writer = try await fixture.open("f", [.write]).file
    try await fixture.write(writer, bytes(2, 1 << 20), at: 0)
    try await fixture.close(writer)
    let (rest, error) = await read(fixture, reader, from: 128 << 10)
    #expect(error == nil)
    #expect(isSame(rest, bytes(2, (1 << 20) - (128 << 10))))
  }

  // MARK: - Names that change meanwhile

  @Test func aContentOfAnotherFileUnderTheOldNameIsNotTaken() async throws {
    for manner in [FakeWorkServer.Manner.full, .ours] {
      let fixture = WorkFixture(manner)
      fixture.server.put("f", "the old one")
      let file = try await fixture.open("f").file
      _ = fixture.server.hold(.content)
      let read = Task { try await fixture.readAll(file) }
      await fixture.server.requests(.content, 1)
      try await fixture.rename("f", "g")
      fixture.server.put("f", "another one")
      fixture.server.letGo(.content)
      #expect(String(decoding: try await read.value, as: UTF8.self) == "the old one")
      #expect(try await fixture.text("g") == "the old one")
    }
  }

  /// Asks for the listing of `d` alone, and stops before the server looks at its path.
  private func listing(of fixture: WorkFixture) async throws -> (file: any OpenFile, Task<Void, any Error>) {
    fixture.server.put("d/f", "text")
    let file = try await fixture.open("d/f").file
    let directory = try #require(try await fixture.node("d") as? WorkDirectory)
    let asked = fixture.server.count(.tree)
    _ = fixture.server.hold(.tree)
    let listing = Task { try await fixture.tree.refresher.refresh(directory) }
    await fixture.server.requests(.tree, asked + 1)
    return (file, listing)
  }

  static let flat: FakeWorkServer.Manner = {
    var manner = FakeWorkServer.Manner.ours
    manner.capabilities.remove(.recursiveTree)
    return manner
  }()

  @Test func aListingOfTheOldNameTakesNothingFromTheNewOne() async throws {
    let fixture = WorkFixture(Self.flat)
    let (file, listing) = try await listing(of: fixture)
    try await fixture.rename("d", "e")
    fixture.server.letGo(.tree)
    try await listing.value
    #expect(String(decoding: try await fixture.readAll(file), as: UTF8.self) == "text")
    #expect(try await fixture.walk() == ["e", "e/f"])
  }

  @Test func aListingOfANewDirectoryUnderTheOldNameEmptiesNothing() async throws {
    let fixture = WorkFixture(Self.flat)
    let (file, listing) = try await listing(of: fixture)
    try await fixture.rename("d", "e")
    _ = try await fixture.tree.root.mkdir("d", permissions: 0o755, caller: WorkFixture.caller).get()
    fixture.server.letGo(.tree)
    try await listing.value
    #expect(String(decoding: try await fixture.readAll(file), as: UTF8.self) == "text")
    #expect(try await Set(fixture.walk()) == ["d", "e", "e/f"])
  }

  /// A directory that leaves the subtree whose listing told of it is asked for itself.
  @Test func whatLeavesAListedSubtreeIsListedByItself() async throws {
    var manner = FakeWorkServer.Manner.ours
    manner.depth = 1
    let fixture = WorkFixture(manner)
    fixture.server.put("a/b/c/d/f", "text")
    #expect(try await fixture.walk("a/b/c/d") == ["a/b/c/d/f"])
    try await fixture.rename("a/b/c/d", "d")
    fixture.server.put("d/g", "more")
    fixture.time.advance(by: .seconds(31))
    #expect(try await Set(fixture.names("d")) == ["f", "g"])
  }
}
