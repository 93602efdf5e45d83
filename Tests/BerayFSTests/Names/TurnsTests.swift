import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Uploads, attributes and changes of names of one file, at the same time.
@Suite(.timeLimit(.minutes(5))) struct TurnsTests {
  @Test func aCloseOfTheReplacedFileDuringTheRenameDoesNotReachWhatReplacesIt() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "old")
    fixture.server.put("g", "new")
    let replaced = try await fixture.open("f", [.read, .write]).file
    try await fixture.write(replaced, "late")
    _ = fixture.server.hold(.move)
    let rename = Task { try await fixture.rename("g", "f") }
    await fixture.server.requests(.move, 1)
    let close = Task { try await fixture.close(replaced) }
    await fixture.settle()
    fixture.server.letGo(.move)
    try await rename.value
    try await close.value
    #expect(fixture.server.text("f") == "new")
    #expect(fixture.server.count(.upload) == 0)
    #expect(try await fixture.text("f") == "new")
  }

  @Test func theReplacedFileGoesUpWhereTheRenameFails() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "old")
    fixture.server.put("g", "new")
    let replaced = try await fixture.open("f", [.write, .truncate]).file
    try await fixture.write(replaced, "late")
    fixture.server.fail(.move, FakeWorkServer.error(.api, 500))
    _ = fixture.server.hold(.move)
    let rename = Task { try await fixture.rename("g", "f") }
    await fixture.server.requests(.move, 1)
    let close = Task { try await fixture.close(replaced) }
    fixture.server.letGo(.move)
    await #expect(throws: Errno.ioError) { try await rename.value }
    try await close.value
    #expect(fixture.server.text("f") == "late")
    #expect(fixture.server.text("g") == "new")
  }

  @Test func twoRenamesThatCrossDoNotWaitForEachOther() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/f", "1")
    fixture.server.put("e/g", "2")
    for _ in 0..<50 {
      async let there: Void? = try? fixture.rename("d/f", "e/g")
      async let back: Void? = try? fixture.rename("e/g", "d/f")
      _ = await (there, back)
      // One of them was last, or both found nothing to do.
      if fixture.server.paths == ["d/f"] { fixture.server.put("e/g", "2") } else { fixture.server.put("d/f", "1") }
      fixture.tree.markStale()
    }
  }

  @Test func whatIsUnlinkedWhileItIsClosedStaysAway() async throws {
    for _ in 0..<300 {
      let fixture = WorkFixture()
      let file = try await fixture.create("f", [.write])
      try await fixture.write(file, "temporary")
      async let closed: Void? = try? fixture.close(file)
      async let removed: Void = fixture.unlink("f")
      _ = try await (closed, removed)
      _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
      #expect(fixture.server.paths == [])
    }
  }

  @Test func aRenameIntoADirectoryWaitsForTheRenameOfThat() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/old", "1")
    fixture.server.put("f", "2")
    _ = try await fixture.walk()
    _ = fixture.server.hold(.move)
    let outer = Task { try await fixture.rename("d", "c") }
    await fixture.server.requests(.move, 1)
    let inner = Task { try await fixture.rename("f", "d/f") }
    await fixture.settle()
    #expect(fixture.server.count(.move) == 1)
    fixture.server.letGo(.move)
    try await outer.value
    try await inner.value
    #expect(fixture.server.paths == ["c/f", "c/old"])
  }

  @Test func aRenameOfADirectoryWaitsForTheRenameIntoIt() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/old", "1")
    fixture.server.put("f", "2")
    _ = try await fixture.walk()
    _ = fixture.server.hold(.move)
    let inner = Task { try await fixture.rename("f", "d/f") }
    await fixture.server.requests(.move, 1)
    let outer = Task { try await fixture.rename("d", "c") }
    await fixture.settle()
    #expect(fixture.server.count(.move) == 1)
    fixture.server.letGo(.move)
    try await inner.value
    try await outer.value
    #expect(fixture.server.paths == ["c/f", "c/old"])
  }

  @Test func aFileThatIsMadeDuringTheRenameOfItsDirectoryGoesToTheNewPath() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/old", "1")
    _ = try await fixture.walk()
    _ = fixture.server.hold(.move)
    let rename = Task { try await fixture.rename("d", "c") }
    await fixture.server.requests(.move, 1)
    let save = Task { try await fixture.save("d/new", "2") }
    await fixture.settle()
    #expect(fixture.server.count(.upload) == 0)
    fixture.server.letGo(.move)
    try await rename.value
    try await save.value
    #expect(fixture.server.paths == ["c/new", "c/old"])
  }

  @Test func theRenameOfADirectoryWaitsForWhatIsOnItsWay() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/f", "1")
    _ = try await fixture.walk()
    _ = fixture.server.hold(.attributes)
    let change = Task { try await fixture.chmod("d/f", 0o600) }
    await fixture.server.requests(.attributes, 1)
    let rename = Task { try await fixture.rename("d", "c") }
    await fixture.settle()
    #expect(fixture.server.count(.move) == 0)
    fixture.server.letGo(.attributes)
    try await change.value
    try await rename.value
    #expect(fixture.server.file("c/f")?.mode == 0o600)
  }

  @Test func aNameThatSomebodyElseMakesMeanwhileIsNotReplacedEither() async throws {
    let fixture = WorkFixture(.ours)
    let file = try await fixture.create("mine", [.write])
    try await fixture.write(file, "mine")
    _ = fixture.server.hold(.upload)
    let rename = Task { try await fixture.rename("mine", "taken", .noReplace) }
    await fixture.server.requests(.upload, 1)
    fixture.server.put("taken", "theirs")
    fixture.server.letGo(.upload)
    await #expect(throws: Errno.fileExists) { try await rename.value }
    #expect(fixture.server.text("taken") == "theirs")
    try await fixture.close(file)
    #expect(fixture.server.text("mine") == "mine")
  }

  @Test func aNameThatSomebodyElseMadeIsNotReplacedWhereItMustNotBe() async throws {
    let fixture = WorkFixture()
    _ = try await fixture.names()
    let file = try await fixture.create("mine", [.write])
    try await fixture.write(file, "mine")
    fixture.server.put("taken", "theirs")
    await #expect(throws: Errno.fileExists) { try await fixture.rename("mine", "taken", .noReplace) }
    #expect(fixture.server.text("taken") == "theirs")
    try await fixture.close(file)
    #expect(fixture.server.paths == ["mine", "taken"])
  }
}
