import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite struct WorkTreeTests {
  private func fill(_ fixture: WorkFixture, directories: Int, files: Int) {
    for directory in 0..<directories {
      for file in 0..<files { fixture.server.put("d\(directory)/sub/f\(file)", "\(directory) \(file)") }
    }
  }

  @Test func aWalkIsOneRequestWhereTheServerGivesSubtrees() async throws {
    let fixture = WorkFixture()
    fill(fixture, directories: 20, files: 5)
    #expect(try await fixture.walk().count == 20 * (2 + 5))
    #expect(try await fixture.stat("d3/sub/f4").size == 3)
    #expect(fixture.server.total == 1)
  }

  @Test func aWalkIsOneRequestForEachDirectoryElse() async throws {
    let fixture = WorkFixture(.bare)
    fill(fixture, directories: 4, files: 3)
    _ = try await fixture.walk()
    _ = try await fixture.stat("d3/sub/f2")
    #expect(fixture.server.count(.tree) == 1 + 4 + 4)
    #expect(fixture.server.total == 9)
  }

  @Test func whatAWholeListingLeavesOutIsAskedForByItself() async throws {
    var manner = FakeWorkServer.Manner.full
    manner.depth = 3
    let fixture = WorkFixture(manner)
    fixture.server.put("a/b/c/d/e/f/g/h/file", "deep")
    fixture.server.put("a/b/c/x/file", "other")
    #expect(try await fixture.walk().count == 8 + 1 + 2)
    #expect(fixture.server.count(.tree) == 4, "the top, two that it leaves out, and one that the first of them does")
    #expect(try await fixture.text("a/b/c/d/e/f/g/h/file") == "deep")
    fixture.tree.markStale()
    fixture.server.delete("a/b/c/d/e/f/g/h/file")
    #expect(try await fixture.names("a/b/c/d/e/f/g/h") == [])
    #expect(try await fixture.stat("a/b/c").linkCount == 4)
  }

  @Test func anEmptyDirectoryCostsNothingMore() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/f", "1")
    fixture.server.delete("d/f")
    #expect(try await fixture.walk() == ["d"])
    #expect(fixture.server.total == 1)
  }

  /// The answer to our own change comes last, and is no news of a name that is gone.
  @Test func aFileThatIsRemovedWhileItsModeIsToldIsGone() async throws {
    let fixture = WorkFixture()
    let file = try await fixture.create("a")
    try await fixture.write(file, "text")
    try await fixture.chmod("a", 0o600)
    _ = fixture.server.hold(.attributes)
    async let closed: Void = fixture.close(file)
    await fixture.server.requests(.attributes, 1)
    fixture.server.delete("a")
    fixture.tree.markStale()
    _ = fixture.server.hold(.tree)
    let asked = fixture.server.count(.tree)
    async let names = fixture.names()
    await fixture.server.requests(.tree, asked + 1)
    fixture.server.letGo(.attributes)
    try await closed
    fixture.server.letGo(.tree)
    #expect(try await names == [])
  }

  /// An upload makes the name, so a listing that crosses it may lack it: it is asked again soon, and not in 30 s.
  @Test func aListingThatCrossedAnUploadIsNotReliedOnForLong() async throws {
    let fixture = WorkFixture(.ours)
    let file = try await fixture.create("a")
    try await fixture.write(file, "text")
    fixture.tree.markStale()
    let asked = fixture.server.count(.tree)
    _ = fixture.server.hold(.tree)
    async let first = fixture.names()
    await fixture.server.requests(.tree, asked + 1)
    try await fixture.close(file)
    fixture.server.delete("a")
    fixture.server.letGo(.tree)
    #expect(try await first == ["a"])
    fixture.time.advance(by: .seconds(2))
    #expect(try await fixture.names() == [])
  }

  @Test func manyWhoListAtTheSameTimeShareOneRequest() async throws {
    let fixture = WorkFixture()
    fill(fixture, directories: 1, files: 3)
    _ = fixture.server.hold(.tree)
    async let first = fixture.walk()
    async let second = fixture.stat("d0/sub/f1")
    await fixture.server.requests(.tree, 1)
    fixture.server.letGo(.tree)
    _ = try await (first, second)
    #expect(fixture.server.count(.tree) == 1)
  }

  @Test func anInterruptOfTheOnlyWaiterEndsTheRequest() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "1")
    _ = fixture.server.hold(.tree)
    let waiting = Task { try await fixture.names() }
    await fixture.server.requests(.tree, 1)
    waiting.cancel()
    await #expect(throws: Errno.interrupted) { try await waiting.value }
    let other = Task { try await fixture.names() }
    fixture.server.letGo(.tree)
    #expect(try await other.value == ["a"])
    #expect(fixture.server.count(.tree) == 2)
  }

  @Test func aMissingTopIsAnEmptyDirectory() async throws {
    let fixture = WorkFixture()
    fixture.server.fail(.tree, FakeWorkServer.error(.notFound, 404))
    #expect(try await fixture.names() == [])
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await fixture.stat("nothing") }
  }

  @Test func withinTheWindowNothingIsAskedAndAfterItOnce() async throws {
    let fixture = WorkFixture(isFinished: false)
    fixture.server.put("a", "1")
    _ = try await fixture.names()
    fixture.time.advance(by: .milliseconds(900))
    _ = try await fixture.stat("a")
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await fixture.stat("b") }
    #expect(fixture.server.count(.tree) == 1)
    fixture.server.put("b", "2")
    fixture.time.advance(by: .milliseconds(100))
    #expect(try await fixture.stat("b").size == 1)
    #expect(fixture.server.count(.tree) == 2)
    fixture.finished.value = true
    fixture.time.advance(by: .seconds(29))
    _ = try await fixture.names()
    #expect(fixture.server.count(.tree) == 2)
  }

  @Test func aFreshnessOfZeroAsksAtEveryOpen() async throws {
    let fixture = WorkFixture(freshness: .zero)
    fixture.server.put("a", "1")
    let node = try await fixture.node("a")
    #expect(try await node.getattr(nil).get().timeout == .zero)
    let before = fixture.server.count(.tree)
    _ = try await node.open(.read, caller: WorkFixture.caller).get()
    fixture.server.put("a", "22")
    _ = try await node.open(.read, caller: WorkFixture.caller).get()
    #expect(fixture.server.count(.tree) == before + 2)
    #expect(try await fixture.text("a") == "22")
  }

  @Test func theKernelMayAnswerForWhatIsLeftOfTheWindow() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "1")
    _ = try await fixture.names()
    fixture.time.advance(by: .seconds(12))
    let found = try await fixture.directory("").lookup("a", caller: WorkFixture.caller).get()
    #expect(found.nameTimeout == .seconds(18))
    #expect(try await found.node.getattr(nil).get().timeout == .seconds(18))
  }

  @Test func anEventOfTheTaskMakesTheListingStale() async throws {
    let fixture = WorkFixture()
    _ = try await fixture.names()
    fixture.server.put("a", "1")
    fixture.tree.markStale()
    #expect(try await fixture.names() == ["a"])
  }

  @Test func aForeignChangeDropsThePagesAndKeepsTheInode() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "old")
    #expect(try await fixture.text("a") == "old")
    let before = try await fixture.stat("a")
    fixture.server.put("a", "newer")
    fixture.tree.markStale()
    fixture.notices.clear()
    let after = try await fixture.stat("a")
    #expect(after.inode == before.inode)
    #expect(after.size == 5)
    #expect(fixture.notices.all == ["pages \(before.inode.rawValue)"])
    let opened = try await fixture.open("a")
    #expect(!opened.options.contains(.keepCache))
    #expect(try await fixture.readAll(opened.file) == Array("newer".utf8))
    #expect(try await fixture.open("a").options.contains(.keepCache))
  }

  @Test func namesThatComeAndGoAreExpiredAndMoveTheMtime() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "1")
    fixture.server.put("b", "2")
    #expect(try await fixture.directory("").freshen().get() == .outdated)
    let first = try await fixture.listing()
    #expect(try await fixture.directory("").freshen().get() == .current)
    let before = try await fixture.stat("").modified
    fixture.server.delete("a")
    fixture.server.put("c", "3")
    fixture.time.advance(by: .seconds(31))
    fixture.notices.clear()
    #expect(try await fixture.directory("").freshen().get() == .outdated)
    let second = try await fixture.listing()
    #expect(second.map(\.name) == ["b", "c"])
    #expect(second[0].cookie == first[1].cookie)
    #expect(second[1].cookie > first[1].cookie)
    #expect(fixture.notices.all.prefix(2) == ["expire a", "expire c"])
    #expect(try await fixture.stat("").modified > before)
  }

  @Test func linksAreShownWhereTheyStayInside() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/f", "1")
    fixture.server.link("d/good", to: "../d/f")
    fixture.server.link("d/bad", to: "../../task.json")
    fixture.server.link("d/absolute", to: "/etc/passwd")
    #expect(try await fixture.names("d") == ["f", "good"])
    #expect(try await fixture.node("d/good").readlink().get() == "../d/f")
  }

  @Test func linksThatLeadOutTogetherAreNotShown() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a/b/c/f", "1")
    fixture.server.link("a/b/c/top", to: "../../..")
    fixture.server.link("a/b/c/out", to: "top/../../etc/hostname")
    #expect(try await fixture.names("a/b/c") == ["f", "top"])
  }

  @Test func aLinkThatARenameBringsUpLeadsNowhere() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a/b/c/f", "1")
    fixture.server.link("a/b/c/top", to: "../../..")
    let link = try await fixture.node("a/b/c/top")
    try await fixture.rename("a/b/c", "c")
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await link.readlink().get() }
    try await fixture.rename("c/top", "top")
    await #expect(throws: Errno.noSuchFileOrDirectory) {
      try await fixture.tree.root.child("top")?.node.node.readlink().get()
    }
  }

  @Test func aDeletedTaskIsStale() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "kept")
    fixture.server.put("b", "never read")
    let a = try await fixture.open("a").file
    let b = try await fixture.open("b").file
    #expect(try await fixture.readAll(a) == Array("kept".utf8))
    fixture.tree.removed()
    #expect(try await fixture.readAll(a) == Array("kept".utf8))
    await #expect(throws: Errno.staleNFSFileHandle) { try await fixture.readAll(b) }
    await #expect(throws: Errno.staleNFSFileHandle) { try await fixture.names() }
  }

  @Test(arguments: [
    ("a", 0, true), ("../a", 0, false), ("../a", 1, true), ("a/../../b", 0, false), ("a/../b", 0, false),
    ("l/../../f", 3, false),
    ("../../a/b", 2, true), ("..//./../a", 2, true), ("..a/..b/...", 0, true), ("a/..", 1, false),
    ("\u{301}/../a", 1, false),
    ("/etc", 3, false), ("", 0, false), ("..", 1, true), ("./../..", 1, false),
  ])
  func linkTargets(_ target: String, depth: Int, isInside: Bool) {
    #expect(LinkTarget.staysInside(target, depth: depth) == isInside)
  }
}
