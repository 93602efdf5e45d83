import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Names that tools make on the way to a save, on a server that can neither rename nor remove.
@Suite struct HeldBackTests {
  static let names: [String] = [
    "f~", ".f.un~", "#f#", ".goutputstream-A1B2C3", "sedan.txt", "f.tmp", "video.part", ".f.Xy12zA",
    ".env.sample", "f.oAb12Cd", "XXab12Cd", "f.txt.AbC123", "tmpab_c12x9", "tmpcngX3Z", ".~f", "tmp.Ab12Cd34Ef",
    "db-journal", "db-wal",
    "f.py___jb_tmp___", "4913", ".nfs0000a1", "._notes", ".DS_Store", ".tmpAb12Cd", "f.TMP", "f.o.tmp1a2b3c4d",
    "conf.json.tmp-1731234567a1b2c3", "f.tmp.4711", "f.tmp.json", "f.vsctmp", "f.txtAbC123.bck", ".f.txt.kvpqdq06",
    ".f-k2l3m4q_", "m.cpython-311.pyc.139688703268656", ".conf.yml.70123.4711.338172", "f.txt1234567890",
    ".f.1234567890", "package.json.3492183417",
  ]

  @Test(arguments: names)
  func whatToolsMakeIsHeldBack(_ name: String) {
    #expect(NamePolicy().classify(Name(name)) == .heldBack)
  }

  @Test(arguments: [
    "index.lock", "sed.txt", "sedition.txt", ".f.Xy12z", ".f.Xy12z-", "..Xy12zA", "notes", "partly", "a~b",
    "f.config", "f.SQLITE", "f.123456", "frame.000001", "tmp", "tmpfile.txt", "tmp.txt", "journal", "tmp_obj_Ab12Cd",
    "tAb12Cd", "page.tmpl", "f.tmpfile", "img.1234", "IMG_20261126", "x.new", "report2026", ".img.swf", "m.pyc",
    "1234567890",
  ])
  func otherNamesAreNot(_ name: String) {
    #expect(NamePolicy().classify(Name(name)) == .ordinary)
  }

  @Test func locksOfGitAndScratchPatternsAreHeldBack() {
    for name in ["index.lock", "tmp_obj_Ab12Cd", "tmp_pack_Ab12Cd", "packed-refs.new", "gc.pid", "tAb12Cd"] as [Name] {
      #expect(NamePolicy().classify(name, isInGit: true) == .heldBack)
    }
    let policy = NamePolicy(scratchPatterns: ["*___x_???___", "[Cc]rash*"])
    #expect(policy.classify("f___x_tmp___") == .heldBack)
    #expect(policy.classify("crash1") == .heldBack)
    #expect(policy.classify("f") == .ordinary)
  }

  @Test(arguments: names)
  func aRenameToARealNameIsTheUploadOfThatName(_ name: String) async throws {
    let fixture = WorkFixture(.bare)
    fixture.server.put("f", "old")
    let file = try await fixture.create(name, [.write])
    try await fixture.write(file, "new")
    try await file.fsync().get()
    try await fixture.close(file)
    #expect(fixture.server.count(.upload) == 0)
    #expect(fixture.shared.status.pending.isEmpty)
    #expect(try await fixture.text(name) == "new")
    try await fixture.rename(name, "f")
    #expect(fixture.server.log.filter { $0.hasPrefix("upload") } == ["upload f"])
    #expect(fixture.server.paths == ["f"])
    #expect(fixture.server.text("f") == "new")
    #expect(try await fixture.names() == ["f"])
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.names() == ["f"])
    #expect(try await fixture.text("f") == "new")
    #expect(fixture.server.count(.upload) == 1)
    #expect(fixture.errors == "")
  }

  @Test func whatStaysTenSecondsIsARealFile() async throws {
    let fixture = WorkFixture(.bare)
    try await fixture.save("sedan.txt", "a car")
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(9))
    let again = try await fixture.open("sedan.txt", [.write, .append]).file
    try await fixture.write(again, "s", at: 5)
    try await fixture.close(again)
    await fixture.time.sleepers(2)
    // The time began anew with the last close.
    fixture.time.advance(by: .seconds(9))
    #expect(fixture.server.count(.upload) == 0)
    fixture.time.advance(by: .seconds(1))
    await fixture.server.requests(.upload, 1)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("sedan.txt") == "a cars")
    #expect(fixture.server.count(.upload) == 1)
    // It is a file as any other now.
    try await fixture.save("sedan.txt", "more")
    #expect(fixture.server.text("sedan.txt") == "more")
    try await fixture.rename("sedan.txt", "car.txt")
    #expect(try await fixture.names() == ["car.txt"])
    #expect(fixture.server.text("car.txt") == "more")
    await #expect(throws: Errno.notPermitted) { try await fixture.unlink("car.txt") }
    #expect(fixture.errors.contains("unlink\t7-t/files/car.txt\tEPERM\t-\tthis server cannot remove files"))
  }

  @Test func anOpenFileIsHeldBackAsLongAsItIsOpen() async throws {
    let fixture = WorkFixture(.bare)
    let file = try await fixture.create("video.part", [.write])
    try await fixture.write(file, "half")
    try await file.flush(caller: WorkFixture.caller).get()
    fixture.time.advance(by: .seconds(100))
    try await fixture.write(file, "whole")
    try await fixture.rename("video.part", "video")
    #expect(fixture.server.text("video") == "whole")
    try await fixture.write(file, "!", at: 5)
    try await fixture.close(file)
    // Written after the rename: it goes to the new name.
    #expect(fixture.server.text("video") == "whole!")
    #expect(fixture.server.paths == ["video"])
  }

  @Test func atUnmountItGoesUpAtOnce() async throws {
    let fixture = WorkFixture(.bare, scratchPatterns: ["*.scratch"])
    try await fixture.save("a.tmp", "1")
    try await fixture.save("b.scratch", "2")
    try await fixture.save(".f.swp", "3")
    #expect(fixture.server.paths == [])
    #expect(await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in } == [])
    #expect(fixture.server.paths == [".f.swp", "a.tmp", "b.scratch"])
  }

  @Test func removedItWasNeverThere() async throws {
    let fixture = WorkFixture(.bare)
    try await fixture.save("f.tmp", "1")
    await fixture.time.sleepers(1)
    try await fixture.unlink("f.tmp")
    fixture.time.advance(by: .seconds(10))
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(try await fixture.names() == [])
    #expect(fixture.server.total == fixture.server.count(.tree))
  }

  @Test func renamesBetweenHeldBackNamesAreLocal() async throws {
    let fixture = WorkFixture(.bare)
    try await fixture.save("f.tmp", "1")
    try await fixture.save("g~", "2")
    await #expect(throws: Errno.fileExists) { try await fixture.rename("f.tmp", "g~", .noReplace) }
    await #expect(throws: Errno.invalidArgument) { try await fixture.rename("f.tmp", "g~", .exchange) }
    try await fixture.rename("f.tmp", "g~")
    #expect(try await fixture.names() == ["g~"])
    #expect(try await fixture.text("g~") == "1")
    try await fixture.rename("g~", "h", .noReplace)
    #expect(fixture.server.paths == ["h"])
    #expect(fixture.server.count(.upload) == 1)
  }

  @Test func aRenameThatFailsTellsItAndLosesNothing() async throws {
    let fixture = WorkFixture(.bare)
    fixture.server.put("f", "old")
    try await fixture.save("f.tmp", "new")
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 507))
    await #expect(throws: Errno.noSpace) { try await fixture.rename("f.tmp", "f") }
    #expect(try await fixture.text("f.tmp") == "new")
    #expect(try await fixture.text("f") == "old")
    fixture.server.fail(.upload, nil)
    try await fixture.rename("f.tmp", "f")
    #expect(fixture.server.text("f") == "new")
    #expect(fixture.server.paths == ["f"])
  }

  @Test func aRenameHasAnEnd() async throws {
    let fixture = WorkFixture(.bare)
    try await fixture.save("f.tmp", "new")
    await fixture.time.sleepers(1)
    _ = fixture.server.hold(.upload)
    let rename = Task { try await fixture.rename("f.tmp", "f") }
    await fixture.time.sleepers(2)
    fixture.time.advance(by: .seconds(30))
    await #expect(throws: Errno.timedOut) { try await rename.value }
    #expect(try await fixture.text("f.tmp") == "new")
    #expect(fixture.server.paths == [])
  }

  @Test func timesAndModesAreKept() async throws {
    let fixture = WorkFixture(.bare)
    try await fixture.save(".f.Ab12Cd", "1")
    let node = try await fixture.node(".f.Ab12Cd")
    let changes = AttributeChanges(
      permissions: 0o755, user: 1000, accessed: .at(Timestamp(seconds: 66)),
      modified: .at(Timestamp(seconds: 77)))
    _ = try await node.setattr(changes, file: nil, caller: WorkFixture.caller).get()
    try await fixture.rename(".f.Ab12Cd", "f")
    fixture.time.advance(by: .seconds(31))
    let kept = try await fixture.stat("f")
    #expect(kept.permissions == 0o755)
    #expect(kept.modified == Timestamp(seconds: 77))
    #expect(kept.accessed == Timestamp(seconds: 66))
  }

  @Test func onAFullServerTheyAreFilesAsAnyOther() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "old")
    try await fixture.rename("f", "f~")
    try await fixture.save("f", "new")
    #expect(fixture.server.paths == ["f", "f~"])
    try await fixture.unlink("f~")
    #expect(fixture.server.paths == ["f"])
    #expect(fixture.server.count(.upload) == 1)
    #expect(fixture.server.count(.content) == 0)
  }
}
