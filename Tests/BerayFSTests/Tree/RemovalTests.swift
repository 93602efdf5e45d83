import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Programs that remove a whole task as they remove any tree.
@Suite(.timeLimit(.minutes(5))) struct RemovalTests {
  let bed = TreeBed()

  private func opendir(_ path: String, _ bed: TreeBed) async -> Errno? {
    await errno(
      try await bed.fileSystem.opendir(try await bed.inode(path), caller: bed.caller).map { reply in
        bed.fileSystem.releasedir(InodeID(rawValue: 0), handle: reply.handle)
      }.get())
  }

  /// rm(1) removes a directory that it cannot read by rmdir(2).
  @Test(arguments: [["rm", "-r", "1-go"], ["rm", "-rf", "--", "/mnt/1-go/"], ["rm", "--recursive", "1"]])
  func rmDeletesTheTaskByItsRmdir(words: [String]) async throws {
    bed.server.add("go")
    bed.processes[20].words = words
    let rm = bed.by(20)
    #expect(await opendir("1-go", rm) == .permissionDenied)
    try await rm.rmdir("1-go")
    #expect(bed.server.ids == [])
    #expect(try await bed.errors() == [])
  }

  @Test func rmOfARunningTaskIsBusy() async throws {
    bed.server.add("go", "RUNNING")
    bed.processes.run(20, "rm", "-r", "1-go")
    #expect(await opendir("1-go", bed.by(20)) == .permissionDenied)
    #expect(await errno(try await bed.by(20).rmdir("1-go")) == .resourceBusy)
    #expect(bed.server.ids == [1])
    #expect(try await bed.errors().map { $0[7] } == ["safe to repeat"])
  }

  @Test(arguments: [["rm", "-r", "1-go/files/x"], ["ls", "-r", "1-go"], ["rm", "1-go"], ["rm", "-r", "2"]])
  func othersReadTheDirectory(words: [String]) async throws {
    bed.server.add("go")
    bed.processes[20].words = words
    #expect(await opendir("1-go", bed.by(20)) == nil)
  }

  @Test func rmOfTheWholeMountIsRefusedAtOnce() async throws {
    bed.processes.run(20, "rm", "-rf", "/home/me/beray")
    #expect(await opendir("", bed.by(20)) == .permissionDenied)
    #expect(try await bed.errors().last?[1] == "rm")
  }

  /// As busybox, find -delete and Python's rmtree do.
  @Test func whoRemovesFileByFileLeavesFilesWhole() async throws {
    bed.server.add("go")
    let work = try await bed.inode("1-go/files")
    _ = try await bed.fileSystem.mkdir("d", in: work, permissions: 0o755, caller: bed.caller).get()
    #expect(await errno(try await bed.unlink("1-go/id")) == .notPermitted)
    #expect(await errno(try await bed.rmdir("1-go/files/d")) == .notPermitted)
    bed.time.advance(by: .seconds(11))
    try await bed.rmdir("1-go/files/d")
  }

  @Test func rmDeletesWhereTheMountIsTold() async throws {
    let bed = TreeBed { $0.rmDeletes = true }
    bed.server.add("go")
    bed.server.add("on", "RUNNING")
    let work = try await bed.inode("1-go/files")
    _ = try await bed.fileSystem.mkdir("d", in: work, permissions: 0o755, caller: bed.caller).get()
    for name in try await bed.ls("1-go").filter({ $0 != "files" }) { try await bed.unlink("1-go/\(name)") }
    #expect(try await bed.ls("1-go") == ["files"])
    try await bed.rmdir("1-go/files/d")
    try await bed.rmdir("1-go/files")
    #expect(try await bed.ls("1-go") == [])
    try await bed.rmdir("1-go")
    #expect(bed.server.ids == [2])
    #expect(await errno(try await bed.unlink("2-on/id")) == .notPermitted)
  }
}
