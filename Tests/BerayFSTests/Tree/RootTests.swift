import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct RootTests {
  let bed = TreeBed()

  @Test func listsTheFixedNamesAndTheTasks() async throws {
    bed.server.add("Write docs")
    bed.server.add("写一首诗")
    #expect(try await bed.ls() == ["README.md", "new", "last", ".beray", "1-write-docs", "2-写一首诗"])
    let root = try await bed.stat("")
    #expect(root.kind == .directory && root.permissions == 0o700 && root.user == 1000 && root.group == 1001)
    #expect(try await bed.cat("README.md") == Guide.text)
    #expect(try await bed.stat("README.md").size == Int64(Guide.text.utf8.count))
    #expect(try await bed.stat("README.md").permissions == 0o400)
    #expect(try await bed.stat("new").permissions == 0o600)
  }

  @Test func oneRequestListsTenThousandTasks() async throws {
    for number in 0..<10_000 { bed.server.add("task \(number)", updated: 1_700_000_000 + Int64(number)) }
    let entries = try await bed.entries(withAttributes: true)
    #expect(entries.count == 10_004)
    #expect(bed.server.total == 1)
    for entry in entries.suffix(3) {
      #expect(entry.entry?.attributes.modified == Timestamp(seconds: 1_700_000_000 + Int64(entry.cookie) - 17))
    }
    #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.cookie < $1.cookie })
  }

  @Test func aFreshListingAsksNothing() async throws {
    _ = try await bed.ls()
    bed.server.add("a")
    bed.time.advance(by: .milliseconds(900))
    #expect(try await bed.tasks() == [])
    bed.time.advance(by: .milliseconds(200))
    #expect(try await bed.tasks() == ["1-a"])
    #expect(bed.server.count(.list) == 2)
  }

  @Test func freshnessZeroAsksEachTime() async throws {
    let bed = TreeBed { $0.freshness = .zero }
    for _ in 0..<3 { _ = try await bed.ls() }
    #expect(bed.server.count(.list) == 3)
  }

  @Test func theKernelKeepsAListingThatDidNotChange() async throws {
    bed.server.add("a")
    func options() async throws -> OpenReply.Options {
      bed.time.advance(by: .seconds(2))
      let reply = try await bed.fileSystem.opendir(.root, caller: TreeBed.caller).get()
      try bed.fileSystem.readdir(.root, handle: reply.handle, after: 0, withAttributes: false) { _ in true }
      bed.fileSystem.releasedir(.root, handle: reply.handle)
      return reply.options
    }
    #expect(try await options() == [.cacheDirectory])
    #expect(try await options() == [.cacheDirectory, .keepCache])
    bed.server.add("b")
    #expect(try await options() == [.cacheDirectory])
  }

  @Test func aMountBeginsWithItsRequestsAtOnce() async throws {
    let gate = bed.server.hold(.user)
    let loading = Task { try await bed.fileSystem.load() }
    await bed.server.requests(.list, 1)
    bed.server.fail(.user, TreeServer.error(.authentication, 401))
    gate.open()
    try await loading.value
    await #expect(throws: BerayError.self) { try await bed.fileSystem.load() }
  }

  @Test func aNameIsNotWaitedForWhereNoServerAnswers() async throws {
    _ = try await bed.ls()
    bed.time.advance(by: .seconds(2))
    bed.server.fail(.list, TreeServer.error(.hostUnreachable))
    _ = try await bed.ls()
    let gate = bed.server.hold(.list)
    #expect(await errno(try await bed.lookup("42")) == .noRouteToHost)
    gate.open()
  }

  @Test func numbersThatNoServerGivesAreNotShown() async throws {
    for id in [-1, Int64.max, Int64.max - 20] {
      bed.server.change(bed.server.add("go")) { task in
        task = BerayTask(id: TaskID(rawValue: id), goal: "go", status: TaskStatus("RUNNING"), raw: .object([]))
      }
    }
    bed.server.add("good")
    #expect(try await bed.tasks() == ["4-good"])
  }

  @Test func aListingWaitsNoLongerThanItsPatience() async throws {
    bed.server.add("a")
    _ = try await bed.ls()
    bed.time.advance(by: .seconds(2))
    bed.server.add("b")
    let gate = bed.server.hold(.list)
    async let listing = bed.tasks()
    await bed.server.requests(.list, 2)
    await bed.time.sleepers(1)
    bed.time.advance(by: .seconds(1))
    #expect(try await listing == ["1-a"])
    #expect(try await bed.stat("").kind == .directory)
    gate.open()
    bed.server.letPass(.list)
    bed.time.advance(by: .seconds(2))
    #expect(try await bed.tasks() == ["1-a", "2-b"])
  }

  @Test func anUnreachableServerMakesNobodyWait() async throws {
    bed.server.add("a")
    _ = try await bed.ls()
    bed.time.advance(by: .seconds(2))
    bed.server.fail(.list, TreeServer.error(.connectionRefused))
    #expect(try await bed.tasks() == ["1-a"])
    let gate = bed.server.hold(.list)
    #expect(try await bed.tasks() == ["1-a"])
    bed.server.fail(.list, nil)
    gate.open()
  }

  @Test func timesAreTheServersAndNeverNow() async throws {
    bed.server.add("old", updated: 1_600_000_000)
    bed.server.add("untold")
    for path in ["1-old", "1-old/status", "1-old/ctl", "1-old/events.log", "1-old/goal", "1-old/task.json"] {
      #expect(try await bed.stat(path).modified == Timestamp(seconds: 1_600_000_000), "\(path)")
    }
    let first = try await bed.stat("2-untold").modified
    let root = try await bed.stat("").modified
    bed.time.advance(by: .seconds(500))
    _ = try await bed.ls()
    #expect(try await bed.stat("2-untold").modified == first)
    #expect(try await bed.stat("2-untold/status").modified == first)
    #expect(try await bed.stat("").modified == root)
  }

  @Test func whatIsNoTaskCannotBeMadeMovedOrRemoved() async throws {
    bed.server.add("a")
    let file = bed.fileSystem
    #expect(await errno(try await bed.unlink("new")) == .notPermitted)
    #expect(await errno(try await bed.rmdir(".beray")) == .notPermitted)
    #expect(await errno(try await bed.rmdir("new")) == .notDirectory)
    #expect(await errno(try await bed.rmdir("nothing")) == .noSuchFileOrDirectory)
    #expect(await errno(try await bed.unlink("1-a/status")) == .notPermitted)
    #expect(
      await errno(try await file.rename("1-a", in: .root, to: "b", in: .root, flags: [], caller: TreeBed.caller).get())
        == .notPermitted)
    #expect(
      await errno(
        try await file.create("f", in: .root, permissions: 0o644, flags: .write, caller: TreeBed.caller).get())
        == .notPermitted)
    #expect(try await bed.errors().allSatisfy { $0[3] == "EPERM" && !$0[6].isEmpty })
  }
}
