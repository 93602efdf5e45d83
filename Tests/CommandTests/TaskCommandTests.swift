import BerayAPI
import Synchronization
import Testing

@testable import BerayCommand

/// Commands about tasks, in process.
@Suite struct TaskCommandTests {
  private static func world(answers: [String] = []) -> TestWorld {
    TestWorld(
      [
        (7, "COMPLETED", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z", "Write a haiku"),
        (8, "FAILED", "2025-12-20T00:00:00Z", "2025-12-21T00:00:00Z", "Count the stars\nand the rest"),
        (9, "RUNNING", "2026-01-01T23:50:00Z", "2026-01-01T23:50:00Z", "Sleep"),
        (10, "STOPPED", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "Dream of a HAIKU"),
      ], answers: answers)
  }

  @Test func theNewestComesFirstWithItsAgeAndDuration() async {
    let world = Self.world()
    #expect(await world.run("task", "list") == 0)
    #expect(
      world.output == """
        ID  STATUS     AGE  TOOK   GOAL
        10  STOPPED    1d   1s     Dream of a HAIKU
        9   RUNNING    10m  10m    Sleep
        8   FAILED     13d  1d     Count the stars…
        7   COMPLETED  1d   1m30s  Write a haiku

        """)
  }

  @Test(arguments: [
    (["--status", "failed,stopped"], [10, 8]), (["--search", "haiku"], [10, 7]), (["--limit", "2"], [10, 9]),
    (["--status", "RUNNING", "--status", "completed"], [9, 7]), (["--all"], [10, 9, 8, 7]),
  ])
  func theListIsFiltered(_ options: [String], _ ids: [Int]) async throws {
    let world = Self.world()
    #expect(await Program.run(["task", "list", "--json"] + options, in: world.context) == 0)
    let listed = try #require(JSON(parsing: world.output).arrayValue)
    #expect(listed.map { $0["id"]?.intValue } == ids.map { Int64($0) })
  }

  @Test func whatTheLimitHidesIsTold() async {
    let world = Self.world()
    #expect(await world.run("task", "list", "-n", "1") == 0)
    #expect(world.errors == "3 more; --all shows them\n")
  }

  @Test func aStatusThatThereIsNotIsRefused() async {
    let world = Self.world()
    #expect(await world.run("task", "list", "--status", "runing") == 2)
    #expect(world.errors.contains("there is no status 'runing'"))
  }

  @Test func aTerminalGetsLinesThatFitAndColours() async {
    let world = Self.world()
    #expect(await world.run("task", "list", columns: 36) == 0)
    #expect(world.output.contains("\u{1B}[31mFAILED\u{1B}[0m"))
    let plain = world.output.replacing(/\u{1B}\[[0-9]+m/, with: "")
    for line in plain.split(separator: "\n") { #expect(TerminalText.width(String(line)) <= 36) }
    #expect(plain.contains("Count th…"))
    let other = Self.world()
    #expect(await other.run("task", "list", columns: 36, environment: ["NO_COLOR": "1"]) == 0)
    #expect(!other.output.contains("\u{1B}"))
  }

  @Test(arguments: [("7", 0, "COMPLETED"), ("8", 3, "FAILED"), ("10", 4, "STOPPED"), ("@", 4, "STOPPED")])
  func theEndOfATaskIsTheExitStatus(_ task: String, _ status: Int32, _ word: String) async {
    let world = Self.world()
    #expect(await world.run("task", "wait", task) == status)
    #expect(world.output == word + "\n")
  }

  @Test func ofSeveralTheWorstIsTheExitStatus() async {
    let world = Self.world()
    #expect(await world.run("task", "wait", "7", "10", "8") == 3)
    #expect(world.output == "7 COMPLETED\n10 STOPPED\n8 FAILED\n")
    let other = Self.world()
    #expect(await other.run("task", "wait", "9", "7", "--any") == 0)
    #expect(other.output == "7 COMPLETED\n")
  }

  @Test func whatCannotBeKnownIsOne() async {
    let world = Self.world()
    #expect(await world.run("task", "wait", "77") == 1)
    #expect(world.errors == "beray-fs: Task not found: 'beray-fs task list' shows your tasks\n")
    let other = Self.world()
    #expect(await other.run("task", "wait", "9", "--timeout", "5s") == 1)
  }

  @Test func aServerThatIsAwayIsWaitedFor() async {
    let world = Self.world()
    world.server.state.withLock { $0.silences = 50 }
    #expect(await world.run("task", "wait", "7") == 0)
    #expect(world.output == "COMPLETED\n")
  }

  @Test func lastIsTheNewest() async {
    let world = Self.world()
    #expect(await world.run("task", "show", "last") == 0)
    #expect(world.output.contains("goal:    Dream of a HAIKU"))
    let empty = TestWorld()
    #expect(await empty.run("task", "show", "last") == 1)
    #expect(empty.errors.contains("there is no task yet"))
  }

  @Test func oneThatFailsDoesNotKeepTheOthers() async {
    let world = Self.world()
    #expect(await world.run("task", "delete", "7", "77", "8") == 1)
    #expect(world.server.state.withLock { $0.tasks.keys.sorted() } == [9, 10])
    #expect(world.errors.contains("beray-fs: task 77: Task not found"))
  }

  @Test func pruneAsksFirst() async {
    let world = Self.world(answers: ["n"])
    #expect(await world.run("task", "prune", "--older-than", "7d") == 1)
    #expect(world.errors.contains("Delete 1 task with their files? [y/N]"))
    #expect(world.server.state.withLock { $0.tasks.count } == 4)
    let willing = Self.world(answers: ["y"])
    #expect(await willing.run("task", "prune", "--older-than", "7d") == 0)
    #expect(willing.server.state.withLock { $0.tasks.keys.sorted() } == [7, 9, 10])
  }

  @Test func pruneTakesWhatHasEndedAlone() async {
    let world = Self.world()
    #expect(await world.run("task", "prune", "--older-than", "0s") == 2)
    #expect(world.errors.contains("--yes"))
    #expect(await world.run("task", "prune", "--older-than", "0s", "--yes", "--json") == 0)
    #expect(world.output == "{\"deleted\":[10,8,7]}\n")
    #expect(await world.run("task", "prune", "--status", "running", "--yes") == 2)
    #expect(await world.run("task", "prune", "--yes") == 2)
    #expect(world.server.state.withLock { Array($0.tasks.keys) } == [9])
  }

  @Test func spansAreReadAndShown() {
    #expect(TimeText.seconds("7d") == 604_800 && TimeText.seconds("1d12h") == 129_600 && TimeText.seconds("90s") == 90)
    for wrong in ["", "7", "d", "7w", "1.5h", "-1d"] { #expect(TimeText.seconds(wrong) == nil, "\(wrong)") }
    #expect(TimeText.span(seconds: 59) == "59s" && TimeText.span(seconds: 90) == "1m30s")
    #expect(TimeText.span(seconds: 3600) == "1h" && TimeText.span(seconds: 11_100) == "3h5m")
    #expect(TimeText.span(seconds: 12 * 86400 + 5) == "12d" && TimeText.span(seconds: -5) == "0s")
  }
}
