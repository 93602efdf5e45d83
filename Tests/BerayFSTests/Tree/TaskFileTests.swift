import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct TaskFileTests {
  let bed = TreeBed()

  /// What stat tells is what read gives.
  private func checkSize(_ path: String) async throws {
    let size = try await bed.stat(path).size
    #expect(try await Int64(bed.cat(path).utf8.count) == size, "\(path)")
  }

  @Test func oneValueEach() async throws {
    let id = bed.server.add("first\nsecond", "In-Progress")
    bed.server.change(id) {
      $0.raw = [
        "id": 1, "goal": "first\nsecond", "status": "In-Progress", "weight": .number("1.50"), "events": [1, 2],
      ]
    }
    let task = "1-first-second"
    #expect(try await bed.cat(task + "/id") == "1\n")
    #expect(try await bed.cat(task + "/goal") == "first\nsecond\n")
    #expect(try await bed.cat(task + "/status") == "In-Progress\n")
    let json = try JSON(parsing: Array(try await bed.cat(task + "/task.json").utf8))
    #expect(json == ["id": 1, "goal": "first\nsecond", "status": "In-Progress", "weight": .number("1.50")])
    for name in ["id", "goal", "status", "task.json", "events", "events.log"] { try await checkSize("\(task)/\(name)") }
  }

  @Test func areReadFromTheSnapshotOfTheirOpen() async throws {
    let id = bed.server.add("go", "RUNNING")
    let file = try await bed.open("1/status")
    #expect(file.options.contains(.directIO))
    bed.server.set(id, status: "COMPLETED")
    bed.time.advance(by: .seconds(2))
    #expect(try await bed.cat("1/status") == "COMPLETED\n")
    #expect(try await bed.read(file) == "RUNNING\n")
    #expect(try await bed.fileSystem.getattr(file.inode, handle: file.id).get().attributes.size == 8)
    #expect(try await bed.read(file, at: 4, count: 2) == "IN")
    #expect(try await bed.read(file, at: 8) == "")
  }

  @Test(arguments: [("RUNNING", 1), ("COMPLETED", 30)])
  func areAskedForOnceInTheWindow(status: String, seconds: Int) async throws {
    bed.server.add("go", status)
    _ = try await bed.ls()
    for _ in 0..<3 { _ = try await bed.cat("1/status") }
    #expect(bed.server.count(.list) == 1, "the list told")
    bed.time.advance(by: .seconds(seconds) - .milliseconds(1))
    _ = try await bed.fileSystem.open(try await bed.inode("1/status"), flags: .read, caller: TreeBed.caller).get()
    #expect(bed.server.count(.list) == 1)
    bed.time.advance(by: .milliseconds(2))
    let inode = try await bed.inode("1/status")
    #expect(bed.server.count(.list) == 2)
    _ = try await bed.fileSystem.open(inode, flags: .read, caller: TreeBed.caller).get()
    #expect(bed.server.count(.list) == 2)
    #expect(bed.server.count(.task) == 0)
  }

  @Test func freshnessZeroAsksAtEveryOpen() async throws {
    let bed = TreeBed { $0.freshness = .zero }
    bed.server.add("go")
    let inode = try await bed.inode("1/status")
    let before = bed.server.count(.list)
    for _ in 0..<3 { _ = try await bed.fileSystem.open(inode, flags: .read, caller: TreeBed.caller).get() }
    #expect(bed.server.count(.list) == before + 3)
  }

  @Test func oneListTellsTheStatusOfAll() async throws {
    for number in 0..<20 { bed.server.add("task \(number)", "RUNNING", events: [event("a")]) }
    _ = try await bed.ls()
    bed.time.advance(by: .seconds(2))
    for number in 1...20 { #expect(try await bed.cat("\(number)/status") == "RUNNING\n") }
    #expect(bed.server.count(.list) == 2)
    #expect(bed.server.count(.task) == 0)
  }

  @Test func cannotBeWritten() async throws {
    bed.server.add("go")
    for name in [
      "id", "goal", "status", "task.json", "result", "error", "events", "events.log", "stream", "follow", "wait",
      "files.zip",
    ] {
      #expect(await errno(try await bed.open("1/\(name)", .write)) == .permissionDenied)
    }
  }

  @Test func dropCachesAsksForEverythingAgain() async throws {
    let id = bed.server.add("go", "COMPLETED")
    _ = try await bed.cat("1/task.json")
    _ = try await bed.cat("1/files.zip")
    bed.server.change(id) { $0.raw = ["id": 1, "goal": "go", "status": "COMPLETED", "note": "new"] }
    bed.server.add("other")
    bed.fileSystem.dropCaches()
    #expect(try await bed.cat("1/task.json").contains("note"))
    #expect(try await bed.cat("1/files.zip") == "PK archive 2")
    #expect(try await bed.tasks() == ["1-go", "2-other"])
  }

  @Test func anOldAnswerDoesNotUndoDropCaches() async throws {
    bed.server.add("go")
    let gate = bed.server.hold(.list)
    async let listing = bed.tasks()
    await bed.server.requests(.list, 1)
    bed.fileSystem.dropCaches()
    bed.server.add("other")
    gate.open()
    _ = try await listing
    #expect(try await bed.tasks() == ["1-go", "2-other"])
  }
}
