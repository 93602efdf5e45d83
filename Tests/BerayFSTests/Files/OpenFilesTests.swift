import Beray
import Synchronization
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What programs see of a file that they have open while somebody else writes to it.
@Suite struct OpenFilesTests {
  private func waitForPages(_ fixture: WorkFixture, of node: any Node) async {
    while !fixture.notices.all.contains("pages \(node.inode.rawValue)") { await Task.yield() }
  }

  @Test(arguments: [FakeWorkServer.Manner.ours, .bare])
  func aFileThatIsOpenIsLookedAtWhileItsTaskRuns(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner, isFinished: false)
    fixture.server.put("d/f", "before")
    let node = try await fixture.node("d/f")
    let opened = try await fixture.open("d/f")
    #expect(try await fixture.readAll(opened.file) == Array("before".utf8))
    fixture.server.put("d/f", "after it")
    fixture.notices.clear()
    let asked = fixture.server.count(.tree)
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(1))
    await waitForPages(fixture, of: node)
    // As the kernel does before it reads.
    #expect(try await node.getattr(opened.file).get().attributes.size == 8)
    #expect(try await fixture.readAll(opened.file) == Array("after it".utf8))
    #expect(fixture.server.count(.tree) == asked + 1)
    // News of the task are acted upon at once.
    fixture.server.put("d/f", "and again")
    fixture.notices.clear()
    fixture.tree.markStale()
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .milliseconds(250))
    await waitForPages(fixture, of: node)
    try await opened.file.release().get()
    await fixture.time.sleepers(1)
    let total = fixture.server.total
    fixture.time.advance(by: .seconds(10))
    while fixture.tree.openFiles.withLock({ $0.isWatched }) { await Task.yield() }
    #expect(fixture.server.total == total)
  }

  /// Of listings that tell names alone, nobody learns that a content changed: it is asked for.
  @Test func aFileOfWhichTheListingTellsNothingIsAskedFor() async throws {
    let fixture = WorkFixture(.minimal, isFinished: false)
    fixture.server.put("f", "before")
    let node = try await fixture.node("f")
    let opened = try await fixture.open("f")
    #expect(try await fixture.readAll(opened.file) == Array("before".utf8))
    fixture.server.put("f", "after it")
    fixture.notices.clear()
    for _ in 0..<5 {
      await fixture.time.sleepers(1)
      fixture.time.advance(by: .milliseconds(250))
    }
    await waitForPages(fixture, of: node)
    #expect(try await node.getattr(opened.file).get().attributes.size == 8)
    #expect(try await fixture.readAll(opened.file) == Array("after it".utf8))
    try await opened.file.release().get()
  }

  /// As `until test -s f; do sleep 1; done` asks.
  @Test func aSizeOfWhichTheListingTellsNothingIsAskedForAnewWhereItMayHaveChanged() async throws {
    let fixture = WorkFixture(.minimal, isFinished: false)
    fixture.server.put("f", "")
    #expect(try await fixture.stat("f").size == 0)
    fixture.server.put("f", "text")
    #expect(try await fixture.stat("f").size == 0)
    fixture.time.advance(by: .seconds(1))
    #expect(try await fixture.stat("f").size == 4)
    fixture.finished.value = true
    fixture.time.advance(by: .seconds(60))
    fixture.tree.markStale()
    let asked = fixture.server.count(.content)
    for _ in 0..<3 {
      fixture.time.advance(by: .seconds(60))
      #expect(try await fixture.stat("f").size == 4)
    }
    #expect(fixture.server.count(.content) == asked + 1, "the news of its end is the last")
  }

  /// Between the listing and the content, somebody wrote again: what is read is cut by no size that was told before.
  @Test func aSizeIsTheOneOfWhatIsRead() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", "short")
    #expect(try await fixture.stat("f").size == 5)
    fixture.server.put("f", "much longer")
    let opened = try await fixture.open("f")
    #expect(fixture.notices.all.contains { $0.hasPrefix("pages") })
    #expect(try await fixture.stat("f").size == 11)
    #expect(try await fixture.readAll(opened.file) == Array("much longer".utf8))
    #expect(fixture.server.count(.content) == 1)
    try await opened.file.release().get()
  }

  @Test func aFileThatIsOpenGetsItsSizeAndItsContentTogether() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", "short")
    let opened = try await fixture.open("f")
    let node = try await fixture.node("f")
    #expect(try await fixture.readAll(opened.file) == Array("short".utf8))
    fixture.server.put("f", "much longer")
    fixture.tree.markStale()
    _ = fixture.server.hold(.content)
    _ = try await fixture.names()
    await fixture.server.requests(.content, 2)
    // The old one, whole, as long as the new one is not there.
    #expect(try await fixture.readAll(opened.file) == Array("short".utf8))
    let attributes = Task { try await node.getattr(opened.file).get().attributes.size }
    fixture.server.put("f", "and again it is longer")
    fixture.server.letGo(.content)
    #expect(try await attributes.value == 22)
    #expect(try await fixture.readAll(opened.file) == Array("and again it is longer".utf8))
    try await opened.file.release().get()
  }

  @Test func theEndOfTheTaskIsTheLastThatIsLookedAt() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", "before")
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    #expect(try await fixture.readAll(file) == Array("before".utf8))
    fixture.server.put("f", "the last")
    fixture.finished.value = true
    fixture.tree.markStale()
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .milliseconds(250))
    await waitForPages(fixture, of: node)
    while fixture.tree.openFiles.withLock({ $0.isWatched }) { await Task.yield() }
    try await file.release().get()
  }

  @Test func aServerThatIsAwayIsAskedLessAndLess() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", "1")
    let file = try await fixture.open("f").file
    fixture.server.fail(.tree, FakeWorkServer.error(.connectionRefused))
    let asked = fixture.server.count(.tree)
    for _ in 0..<240 {
      await fixture.time.sleepers(1)
      fixture.time.advance(by: .milliseconds(250))
    }
    #expect(fixture.server.count(.tree) - asked < 12)
    try await file.release().get()
  }

  /// The kernel ignores what it asked for before a notice came, and a reader then saw the new content cut to the old
  /// length.
  @Test func whoAsksForAttributesIsAnsweredWithoutANotice() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "1234")
    fixture.server.put("g", "1234")
    let (f, g) = (try await fixture.node("f"), try await fixture.node("g"))
    #expect(try await f.getattr(nil).get().attributes.size == 4)
    fixture.server.put("f", "12345678")
    fixture.server.put("g", "12345678")
    fixture.time.advance(by: .seconds(31))
    #expect(try await f.getattr(nil).get().attributes.size == 8)
    #expect(!fixture.notices.all.contains { $0.hasSuffix(" \(f.inode.rawValue)") })
    #expect(fixture.notices.all.contains("pages \(g.inode.rawValue)"))
  }

  /// The kernel then looks the name up again, and makes the file where the program wants that.
  @Test func aNameThatIsGoneAtTheOpenIsStale() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "text")
    let node = try await fixture.node("f")
    fixture.server.delete("f")
    fixture.tree.markStale()
    await #expect(throws: Errno.staleNFSFileHandle) { _ = try await node.open(.read, caller: WorkFixture.caller).get() }
  }

  @Test func aTruncatedFileThatIsStillOpenIsEmptyAfterARefresh() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "text")
    let file = try await fixture.open("f", [.read, .write, .truncate]).file
    try await file.fsync().get()
    fixture.server.put("g", "theirs")
    fixture.tree.dropCaches()
    #expect(try await fixture.node("f").getattr(file).get().attributes.size == 0)
    fixture.server.put("f", "theirs")
    fixture.tree.dropCaches()
    #expect(try await fixture.node("f").getattr(file).get().attributes.size == 6)
    try await fixture.close(file)
  }

  /// A listing and a look at the content, each within its time, are too much together.
  @Test func anOpenHasOneDeadline() async throws {
    let fixture = WorkFixture(.minimal)
    fixture.server.put("f", "1")
    let node = try await fixture.node("f")
    let first = try await fixture.open("f").file
    _ = try await first.read(offset: 0, count: 10, flags: .read).get()
    try await first.release().get()
    fixture.time.advance(by: .seconds(31))
    let (lists, contents) = (fixture.server.count(.tree), fixture.server.count(.content))
    _ = fixture.server.hold(.tree)
    _ = fixture.server.hold(.content)
    let opening = Task { try await node.open(.read, caller: WorkFixture.caller).get() }
    await fixture.server.requests(.tree, lists + 1)
    await fixture.time.deadlines(2)
    let step = fixture.context.options.timeouts.metadata * 6 / 10
    fixture.time.advance(by: step)
    fixture.server.letGo(.tree)
    await fixture.server.requests(.content, contents + 1)
    fixture.time.advance(by: step)
    await #expect(throws: Errno.timedOut) { try await opening.value }
    fixture.server.letGo(.content)
  }
}
