import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct InodeTests {
  let bed = TreeBed()
  private var count: Int { bed.fileSystem.context.inodes.count }

  @Test func aDeletedTaskLeavesNothingOnceItIsForgotten() async throws {
    _ = try await bed.ls()
    let before = count
    bed.server.add("go", "COMPLETED", events: [event("a")])
    bed.time.advance(by: .seconds(2))
    var seen: [InodeID: UInt64] = [:]
    for entry in try await bed.entries(withAttributes: true) {
      if let entry = entry.entry { seen[entry.attributes.inode, default: 0] += 1 }
    }
    let task = try await bed.lookup("1-go").attributes.inode
    seen[task, default: 0] += 1
    for entry in try await bed.entries("1", withAttributes: true) where entry.entry != nil {
      seen[entry.inode, default: 0] += 1
    }
    seen[task, default: 0] += 1
    let status = try await bed.fileSystem.lookup("status", in: task, caller: TreeBed.caller).get().attributes.inode
    seen[status, default: 0] += 1
    let file = try await bed.open("1/events")
    seen[task, default: 0] += 1
    seen[file.inode, default: 0] += 1
    try await bed.rmdir("1-go")
    #expect(try await bed.read(file).contains("\"a\""))
    try await bed.release(file)
    for (inode, lookups) in seen where inode != .root { bed.fileSystem.forget(inode, count: lookups) }
    #expect(count == before)
    #expect(await errno(try await bed.fileSystem.getattr(status, handle: nil).get()) == .staleNFSFileHandle)
  }

  @Test func aTaskThatNobodyEnteredLeavesNothing() async throws {
    _ = try await bed.ls()
    let before = count
    let id = bed.server.add("go")
    bed.time.advance(by: .seconds(2))
    _ = try await bed.ls()
    let entry = try await bed.lookup("1-go")
    bed.server.drop(id)
    bed.time.advance(by: .seconds(2))
    _ = try await bed.ls()
    // The kernel still has it, as the current directory of a shell.
    #expect(try await bed.fileSystem.getattr(entry.attributes.inode, handle: nil).get().attributes.kind == .directory)
    let inside = await errno(
      try await bed.fileSystem.lookup("ctl", in: entry.attributes.inode, caller: TreeBed.caller).get())
    #expect(inside == .noSuchFileOrDirectory)
    bed.fileSystem.forget(entry.attributes.inode, count: 1)
    #expect(count == before)
  }

  @Test func aFileMayOutliveItsDirectory() async throws {
    bed.server.add("go")
    let (task, ctl) = (try await bed.inode("1"), try await bed.open("1/ctl", .write))
    try await bed.rmdir("1")
    bed.fileSystem.forget(task, count: 2)
    #expect(await errno(try await bed.write(ctl, "stop\n")) == nil, "it has ended")
    try await bed.release(ctl)
    #expect(
      await errno(try await bed.fileSystem.getattr(ctl.inode, handle: nil).get()) == .staleNFSFileHandle)
    #expect(
      await errno(try await bed.fileSystem.open(ctl.inode, flags: .read, caller: TreeBed.caller).get())
        == .staleNFSFileHandle)
  }

  @Test func anEntryThatDidNotFitIsNotCounted() async throws {
    bed.server.add("a")
    let handle = try await bed.fileSystem.opendir(.root, caller: TreeBed.caller).get().handle
    var last: InodeID?
    try bed.fileSystem.readdir(.root, handle: handle, after: 0, withAttributes: true) { entry in
      last = entry.inode
      return false
    }
    #expect(!bed.fileSystem.context.inodes.isRemembered(try #require(last)))
    var names: [String] = []
    var cookie: UInt64 = 0
    // One entry a call, as with a buffer that holds no more.
    while true {
      var taken = false
      try bed.fileSystem.readdir(.root, handle: handle, after: cookie, withAttributes: false) { entry in
        guard !taken else { return false }
        (taken, cookie) = (true, entry.cookie)
        names.append(entry.name.string)
        return true
      }
      if !taken { break }
    }
    #expect(names == ["README.md", "new", "last", ".beray", "1-a"])
  }

  @Test func handlesThatWereNeverGivenAreRefused() async throws {
    let handle = HandleID(rawValue: 999)
    #expect(
      await errno(try await bed.fileSystem.read(.root, handle: handle, offset: 0, count: 1, flags: .read).get())
        == .badFileDescriptor)
    #expect(await errno(try await bed.fileSystem.release(.root, handle: handle).get()) == .badFileDescriptor)
    #expect(
      await errno(try await bed.fileSystem.getattr(InodeID(rawValue: 999), handle: nil).get()) == .staleNFSFileHandle)
    #expect(
      await errno(try await bed.fileSystem.lookup("x", in: bed.inode("new"), caller: TreeBed.caller).get())
        == .notDirectory)
  }
}
