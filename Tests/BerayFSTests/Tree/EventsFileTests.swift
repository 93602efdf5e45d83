import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct EventsFileTests {
  let bed = TreeBed()

  @Test func sizesAreTrueBeforeAnyOpen() async throws {
    bed.server.add("go", "COMPLETED", events: [event("a"), event("b\u{1b}[31m\n")])
    for name in ["events", "events.log"] {
      let size = try await bed.stat("1/\(name)").size
      let text = try await bed.cat("1/\(name)")
      #expect(size == Int64(text.utf8.count) && size > 0)
      #expect(!text.utf8.contains(0))
    }
    #expect(bed.server.count(.task) == 1)
    let lines = try await bed.cat("1/events").split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
    #expect(lines.prefix(2) == [event("a"), event("b\u{1b}[31m\n")])
    let log = try await bed.cat("1/events.log").split(separator: "\n")
    #expect(log[0].hasPrefix("- ") && log[0].hasSuffix("  log       a"))
    #expect(log[1].hasSuffix(#"b\x1b[31m\n"#))
    #expect(log.last?.hasSuffix("COMPLETED") == true)
  }

  @Test func growsWhileItIsOpen() async throws {
    let id = bed.server.add("go", "RUNNING", events: [event("a", id: 1)])
    let file = try await bed.open("1/events.log")
    let stream = await bed.server.stream(0)
    await bed.server.requests(.task, 2)
    let before = try await bed.read(file)
    bed.notices.clear()
    let reader = try await bed.open("1/stream")
    _ = try await bed.read(reader)
    bed.server.append(id, event("b", id: 2))
    stream.send(event("b", id: 2))
    #expect(try await bed.read(reader).contains(#""text":"b""#))
    let size = try await bed.fileSystem.getattr(file.inode, handle: file.id).get().attributes.size
    let after = try await bed.read(file)
    #expect(after.hasPrefix(before) && after != before)
    #expect(size == Int64(after.utf8.count))
    #expect(try await bed.read(file, at: size) == "")
    #expect(try await bed.stat("1/events.log").size == size)
    #expect(bed.notices.all.contains("attributes \(file.inode.rawValue)"))
    try await bed.release(reader)
    try await bed.release(file)
  }

  /// `tail -f` reads and stats by its descriptor, for which the kernel names no handle.
  @Test func anOpenLogIsThereWhileTheServerIsAway() async throws {
    bed.server.add("go", "RUNNING", events: [event("a", id: 1)])
    let file = try await bed.open("1/events.log")
    let text = try await bed.read(file)
    bed.server.fail(.task, TreeServer.error(.connectionRefused))
    bed.server.fail(.list, TreeServer.error(.connectionRefused))
    bed.server.fail(.stream, TreeServer.error(.connectionRefused))
    bed.time.advance(by: .seconds(120))
    let size = try await bed.fileSystem.getattr(file.inode, handle: nil).get().attributes.size
    #expect(size == Int64(text.utf8.count) && size > 0)
    #expect(try await bed.read(file) == text)
    try await bed.release(file)
    await #expect(throws: Errno.connectionRefused) {
      try await bed.fileSystem.getattr(file.inode, handle: nil).get()
    }
  }

  @Test func theKernelRemembersNoSizeWhileItGrows() async throws {
    let id = bed.server.add("go", "RUNNING")
    #expect(try await bed.lookup("1/events.log").attributeTimeout == .zero)
    bed.server.set(id, status: "COMPLETED")
    bed.time.advance(by: .seconds(2))
    #expect(try await bed.lookup("1/events.log").attributeTimeout == .seconds(30))
  }

  @Test func oneStreamServesAllReadersAndThirtySecondsMore() async throws {
    bed.server.add("go", "RUNNING")
    let one = try await bed.open("1/events")
    let two = try await bed.open("1/events.log")
    let stream = await bed.server.stream(0)
    try await bed.release(one)
    try await bed.release(two)
    await bed.time.sleepers(1)
    bed.time.advance(by: .seconds(29))
    #expect(!stream.isOver)
    bed.time.advance(by: .seconds(2))
    await stream.over()
    #expect(bed.server.count(.stream) == 1)
  }

  @Test func aStatOfAnEndedTaskOpensNoStream() async throws {
    bed.server.add("go", "COMPLETED", events: [event("a")])
    _ = try await bed.cat("1/events.log")
    _ = try await bed.cat("1/stream")
    _ = try await bed.cat("1/wait")
    #expect(bed.server.count(.stream) == 0)
    #expect(bed.server.count(.task) == 1)
  }
}
