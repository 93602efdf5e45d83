import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What is found by name and not listed: views of the tasks that copy nothing.
@Suite(.timeLimit(.minutes(5))) struct ViewTests {
  let bed = TreeBed()

  @Test func tasksByTheirStatus() async throws {
    bed.server.add("one", "COMPLETED")
    let two = bed.server.add("two", "in_progress")
    bed.server.add("three", "Napping/..")
    #expect(try await bed.ls() == ["README.md", "new", "last", ".beray", "1-one", "2-two", "3-three"])
    #expect(
      try await bed.ls("by-status") == ["PENDING", "RUNNING", "COMPLETED", "FAILED", "STOPPED", "Napping-.."])
    #expect(try await bed.ls("by-status/RUNNING") == ["2-two"])
    #expect(try await bed.ls("by-status/FAILED") == [])
    #expect(try await bed.ls("by-status/Napping-..") == ["3-three"])
    #expect(try await bed.readlink("by-status/RUNNING/2-two") == "../../2-two")
    #expect(try await bed.readlink("by-status/RUNNING/2") == "../../2-two")
    #expect(try await bed.stat("by-status/RUNNING/2-two").kind == .symbolicLink)
    #expect(await errno(try await bed.lookup("by-status/RUNNING/1-one")) == .noSuchFileOrDirectory)
    #expect(await errno(try await bed.lookup("by-status/ASLEEP")) == .noSuchFileOrDirectory)
    bed.server.set(two, status: "done")
    bed.time.advance(by: .seconds(2))
    #expect(try await bed.ls("by-status/RUNNING") == [])
    #expect(try await bed.ls("by-status/COMPLETED") == ["1-one", "2-two"])
    #expect(await errno(try await bed.mkdir("by-status")) == .fileExists)
    #expect(await errno(try await bed.mkdir("by-status/x")) == .notPermitted)
  }

  @Test func tasksOfToday() async throws {
    let now = bed.time.source.now().seconds
    for (goal, created) in [("old", now - 2 * 86_400), ("new", now)] {
      bed.server.change(bed.server.add(goal)) { $0.createdAt = UTCTime(seconds: created) }
    }
    #expect(try await bed.ls("today") == ["2-new"])
    #expect(try await bed.readlink("today/2-new") == "../2-new")
    #expect(await errno(try await bed.lookup("today/1-old")) == .noSuchFileOrDirectory)
  }

  @Test func linksThatLeadNowhereAnyMoreAreFreed() async throws {
    let id = bed.server.add("one", "RUNNING")
    _ = try await bed.ls("by-status/RUNNING")
    let count = bed.fileSystem.context.inodes.count
    for _ in 0..<10 {
      for status in ["COMPLETED", "RUNNING"] {
        bed.server.set(id, status: status)
        bed.fileSystem.dropCaches()
        _ = try await bed.ls("by-status/RUNNING")
        _ = try await bed.ls("by-status/COMPLETED")
      }
    }
    #expect(bed.fileSystem.context.inodes.count <= count + 1)
  }

  @Test func lastIsTheNewestWhoeverMadeIt() async throws {
    try await bed.mkdir("mine")
    #expect(try await bed.readlink("last") == "1-mine")
    bed.server.add("theirs")
    bed.time.advance(by: .milliseconds(100))
    #expect(try await bed.readlink("last") == "2-theirs")
  }

  // MARK: - All events

  @Test func allEventsComeWithTheIDOfTheirTask() async throws {
    let old = bed.server.add("old", "RUNNING", events: [event("before")])
    let file = try await bed.open(".beray/events")
    #expect(file.options.isSuperset(of: [.directIO, .nonSeekable]))
    #expect(bed.fileSystem.poll(file.inode, handle: file.id) == [])
    #expect(await errno(try await bed.read(file, [.read, .nonBlocking])) == .resourceTemporarilyUnavailable)
    let read = Task { try await bed.read(file) }
    let stream = await bed.server.stream(0)
    await bed.server.requests(.task, 2)
    bed.server.append(old, event("after"))
    stream.send(event("after"))
    #expect(try await read.value == #"{"task":\#(old),"event":\#(event("after").serialized())}"# + "\n")
    let next = Task { try await bed.read(file) }
    bed.server.append(bed.server.add("short", "COMPLETED"), event("all of it"))
    try await bed.fileSystem.registry.refreshAnew()
    #expect(try await next.value.contains(#"{"task":2,"event":"#))
    #expect(try await bed.ls(".beray") == ["errors", "status.json", "user.json"])
    bed.fileSystem.interruptAll()
    while try await bed.read(file) != "" {}
    try await bed.release(file)
  }

  /// The kernel gets the handle's number only after the open, and lines may come before.
  @Test(.timeLimit(.minutes(1))) func linesOfATaskThatComeBeforeTheHandleHasItsNumber() async throws {
    let task = bed.server.add("old", "RUNNING", events: [event("before")])
    try await bed.fileSystem.registry.refreshAnew()
    let handle = AllEventsHandle(registry: bed.fileSystem.registry, context: bed.fileSystem.context)
    await handle.start()
    let stream = await bed.server.stream(0)
    await bed.server.requests(.task, 2)
    for text in ["first", "second"] {
      bed.server.append(task, event(text))
      stream.send(event(text))
      let bytes = try await handle.read(offset: 0, count: 1 << 20, flags: .read).get()
      #expect(String(decoding: bytes, as: UTF8.self).contains("\"\(text)\""))
    }
    handle.opened(as: HandleID(rawValue: 5))
    try await handle.release().get()
  }

  @Test func aBlockedReaderOfAllEventsIsInterrupted() async throws {
    let file = try await bed.open(".beray/events")
    let read = Task { await errno(try await bed.read(file)) }
    read.cancel()
    #expect(try await read.value == .interrupted)
    try await bed.release(file)
  }
}
