import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct RmdirTests {
  let bed = TreeBed()

  @Test(arguments: ["go on", "1", "1-go-on"])
  func deletesByAnyName(name: String) async throws {
    let task = try await bed.mkdir("go on")
    bed.server.set(TaskID(rawValue: 1), status: "COMPLETED")
    bed.time.advance(by: .seconds(2))
    bed.notices.clear()
    try await bed.rmdir(name)
    #expect(bed.server.ids == [])
    for name in ["go on", "1", "1-go-on"] {
      #expect(await errno(try await bed.lookup(name)) == .noSuchFileOrDirectory)
      #expect(bed.notices.all.contains("expire \(name)"))
    }
    #expect(try await bed.ls() == ["README.md", "new", ".beray"])
    bed.fileSystem.forget(task.attributes.inode, count: 1)
  }

  @Test(arguments: ["RUNNING", "PENDING", "queued"])
  func aTaskThatRunsIsBusy(status: String) async throws {
    bed.server.add("go", status)
    _ = try await bed.ls()
    #expect(await errno(try await bed.rmdir("1")) == .resourceBusy)
    #expect(bed.server.count(.delete) == 0)
    let line = try #require(try await bed.errors().first)
    #expect(
      line[1] == "rmdir" && line[3] == "EBUSY" && line[5].contains(status) && line[6].contains("echo stop > 1-go/ctl"))
  }

  @Test func whatIsKnownOfARunningTaskMayBeOld() async throws {
    let id = bed.server.add("go", "RUNNING")
    _ = try await bed.ls()
    bed.server.set(id, status: "COMPLETED")
    bed.time.advance(by: .seconds(2))
    try await bed.rmdir("1-go")
    #expect(bed.server.ids == [])
  }

  @Test(arguments: ["COMPLETED", "RUNNING"])
  func aTaskThatIsGoneVanishes(status: String) async throws {
    let id = bed.server.add("go", status)
    _ = try await bed.ls()
    bed.server.drop(id)
    bed.time.advance(by: .milliseconds(1000))
    #expect(await errno(try await bed.rmdir("1-go")) == .noSuchFileOrDirectory)
    #expect(await errno(try await bed.lookup("1-go")) == .noSuchFileOrDirectory)
    #expect(try await bed.errors().first?[4] == "404")
  }

  @Test func aListFromBeforeTheDeletionDoesNotBringItBack() async throws {
    bed.server.add("go")
    _ = try await bed.ls()
    bed.time.advance(by: .seconds(2))
    let gate = bed.server.hold(.list)
    async let listing = bed.tasks()
    await bed.server.requests(.list, 2)
    try await bed.rmdir("1-go")
    gate.open()
    #expect(try await listing == [])
    #expect(try await bed.tasks() == [])
  }

  @Test func theServersErrorIsTold() async throws {
    bed.server.add("go")
    _ = try await bed.ls()
    bed.server.fail(.delete, TreeServer.error(.conflict, 409, "an upload is under way"))
    #expect(await errno(try await bed.rmdir("1-go")) == .resourceBusy)
    #expect(try await bed.tasks() == ["1-go"])
    #expect(try await bed.errors().first?[5] == "an upload is under way")
  }
}
