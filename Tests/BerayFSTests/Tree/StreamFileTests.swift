import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct StreamFileTests {
  let bed = TreeBed()
  let task: TaskID

  init() { task = bed.server.add("go", "RUNNING", events: [event("a", id: 1)]) }

  private func end(_ stream: FakeStream) {
    bed.server.set(task, status: "COMPLETED")
    stream.send(statusChange("COMPLETED"))
    stream.end()
  }

  @Test func blocksForTheNextLineAndEnds() async throws {
    let file = try await bed.open("1/stream")
    #expect(file.options.isSuperset(of: [.directIO, .nonSeekable]))
    let stream = await bed.server.stream(0)
    await bed.server.requests(.task, 2)
    var text = try await bed.read(file)
    #expect(text == event("a", id: 1).serialized() + "\n")
    let next = Task { try await bed.read(file) }
    bed.server.append(task, event("b", id: 2))
    stream.send(event("b", id: 2))
    let line = try await next.value
    #expect(line == event("b", id: 2).serialized() + "\n")
    text += line
    end(stream)
    while true {
      let piece = try await bed.read(file)
      if piece.isEmpty { break }
      text += piece
    }
    #expect(text == (try await bed.cat("1/events")))
    try await bed.release(file)
  }

  @Test func nonBlockingReadersPoll() async throws {
    let file = try await bed.open("1/stream")
    let stream = await bed.server.stream(0)
    await bed.server.requests(.task, 2)
    #expect(bed.fileSystem.poll(file.inode, handle: file.id) == [.readable])
    _ = try await bed.read(file)
    #expect(bed.fileSystem.poll(file.inode, handle: file.id) == [])
    #expect(
      await errno(try await bed.read(file, [.read, .nonBlocking]))
        == .resourceTemporarilyUnavailable)
    bed.notices.clear()
    let blocked = Task { try await bed.read(try await bed.open("1/wait")) }
    end(stream)
    #expect(try await blocked.value == "COMPLETED\n")
    #expect(bed.fileSystem.poll(file.inode, handle: file.id).contains(.readable))
    #expect(bed.notices.all.contains("wake \(file.id.rawValue)"))
    _ = try await bed.read(file, [.read, .nonBlocking])
    #expect(try await bed.read(file, [.read, .nonBlocking]) == "")
  }

  @Test func anInterruptEndsTheRead() async throws {
    let file = try await bed.open("1/stream")
    _ = try await bed.read(file)
    let blocked = Task { await errno(try await bed.read(file)) }
    blocked.cancel()
    #expect(try await blocked.value == .interrupted)
  }

  @Test func theEndOfTheMountEndsEveryRead() async throws {
    let file = try await bed.open("1/stream")
    let wait = try await bed.open("1/wait")
    _ = try await bed.read(file)
    let line = Task { try await bed.read(file) }
    let status = Task { await errno(try await bed.read(wait)) }
    bed.fileSystem.interruptAll()
    // Programs answer EINTR by reading again, and would do so for ever.
    #expect(try await line.value == "")
    #expect(try await status.value == .staleNFSFileHandle)
    #expect(await errno(try await bed.read(wait)) == .staleNFSFileHandle)
    #expect(bed.fileSystem.poll(wait.inode, handle: wait.id).contains(.readable))
  }

  @Test func waitGivesTheStatusOnce() async throws {
    let file = try await bed.open("1/wait")
    #expect(
      await errno(try await bed.read(file, [.read, .nonBlocking]))
        == .resourceTemporarilyUnavailable)
    #expect(bed.fileSystem.poll(file.inode, handle: file.id) == [])
    let blocked = Task { try await bed.read(file) }
    end(await bed.server.stream(0))
    #expect(try await blocked.value == "COMPLETED\n")
    #expect(try await bed.read(file, at: 10) == "")
    #expect(bed.fileSystem.poll(file.inode, handle: file.id).contains(.readable))
    #expect(try await bed.cat("1/wait") == "COMPLETED\n")
  }
}
