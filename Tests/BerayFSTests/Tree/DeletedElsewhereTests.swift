import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct DeletedElsewhereTests {
  let bed = TreeBed()
  let task: TaskID

  init() { task = bed.server.add("go", "RUNNING", events: [event("a")]) }

  private func vanish() async throws {
    bed.server.drop(task)
    bed.time.advance(by: .seconds(2))
    _ = try await bed.ls()
  }

  @Test func itsNamesVanish() async throws {
    _ = try await bed.cat("1-go/status")
    try await vanish()
    for name in ["1-go", "1"] {
      #expect(await errno(try await bed.lookup(name)) == .noSuchFileOrDirectory)
      #expect(bed.notices.all.contains("expire \(name)"))
    }
  }

  @Test func aLookInsideFindsOut() async throws {
    let inode = try await bed.inode("1-go/status")
    bed.server.drop(task)
    bed.time.advance(by: .seconds(2))
    #expect(
      await errno(try await bed.fileSystem.open(inode, flags: .read, caller: TreeBed.caller).get())
        == .noSuchFileOrDirectory)
    #expect(bed.notices.all.contains("expire 1-go"))
    #expect(try await bed.tasks() == [])
  }

  @Test func openHandlesKeepWhatTheyHave() async throws {
    let (status, events) = (try await bed.open("1/status"), try await bed.open("1/events"))
    let stream = try await bed.open("1/stream")
    let text = try await bed.read(stream)
    #expect(text.contains("\"a\""))
    let blocked = Task { await errno(try await bed.read(stream)) }
    try await vanish()
    #expect(try await blocked.value == .staleNFSFileHandle)
    #expect(try await bed.read(status) == "RUNNING\n")
    #expect(try await bed.read(events) == text)
    #expect(await errno(try await bed.read(events, at: Int64(text.utf8.count))) == .staleNFSFileHandle)
  }

  @Test func pollersAreWokenAndNotLeftToTry() async throws {
    let (stream, wait) = (try await bed.open("1/stream"), try await bed.open("1/wait"))
    _ = try await bed.read(stream)
    bed.notices.clear()
    try await vanish()
    for file in [stream, wait] {
      #expect(bed.notices.all.contains("wake \(file.id.rawValue)"))
      #expect(bed.fileSystem.poll(file.inode, handle: file.id).contains(.readable))
      #expect(await errno(try await bed.read(file, [.read, .nonBlocking])) == .staleNFSFileHandle)
    }
  }

  @Test func theLogOfATaskThatHadEndedIsWhole() async throws {
    bed.server.set(task, status: "COMPLETED")
    let events = try await bed.open("1/events")
    let text = try await bed.read(events)
    bed.server.drop(task)
    bed.fileSystem.dropCaches()
    _ = try await bed.ls()
    #expect(try await bed.read(events) == text)
    #expect(try await bed.read(events, at: Int64(text.utf8.count)) == "")
  }

  @Test func lastFallsBackToTheTaskBefore() async throws {
    try await bed.mkdir("two")
    let three = try await bed.mkdir("three")
    #expect(try await bed.readlink("last") == "3-three")
    bed.server.drop(TaskID(rawValue: 3))
    bed.time.advance(by: .seconds(2))
    _ = try await bed.ls()
    #expect(try await bed.readlink("last") == "2-two")
    bed.fileSystem.forget(three.attributes.inode, count: 1)
  }
}
