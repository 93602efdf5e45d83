import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct MkdirTests {
  let bed = TreeBed()

  @Test func isOnePost() async throws {
    try await bed.mkdir("Write docs")
    #expect(bed.server.created.map(\.goal) == ["Write docs"])
    #expect(bed.server.total == 1)
    #expect(try await bed.cat("1-write-docs/goal") == "Write docs\n")
    #expect(await errno(try await bed.mkdir("Write docs")) == .fileExists)
    #expect(await errno(try await bed.mkdir("1-write-docs")) == .fileExists)
    #expect(bed.server.count(.create) == 1)
  }

  @Test(arguments: [
    (TreeServer.error(.authentication, 401), Errno.permissionDenied),
    (TreeServer.error(.authentication, 403), .permissionDenied),
    (TreeServer.error(.notFound, 404), .noSuchFileOrDirectory), (TreeServer.error(.conflict, 409), .fileExists),
    (TreeServer.error(.api, 400), .invalidArgument), (TreeServer.error(.unprocessableEntity, 422), .invalidArgument),
    (TreeServer.error(.api, 413), .fileTooLarge), (TreeServer.error(.api, 429), .resourceTemporarilyUnavailable),
    (TreeServer.error(.api, 507), .noSpace), (TreeServer.error(.timedOut), .timedOut),
    (TreeServer.error(.connectionRefused), .connectionRefused), (TreeServer.error(.hostUnreachable), .noRouteToHost),
    (TreeServer.error(.api, 500), .ioError), (TreeServer.error(.connectionLost), .ioError),
  ])
  func tellsWhyItFailed(error: BerayError, expected: Errno) async throws {
    bed.server.fail(.create, error)
    #expect(await errno(try await bed.mkdir("go")) == expected)
    #expect(bed.server.count(.create) == 1)
    let line = try #require(try await bed.errors().first)
    #expect(line.count == 8)
    #expect(line[1] == "mkdir" && line[2] == "go" && line[3] == expected.symbol)
    #expect(line[4] == (error.status.map(String.init) ?? "-"))
    #expect(line[5] == error.detail)
    #expect(line[7] == (Self.repetitions[expected] ?? "safe to repeat"))
  }

  /// What comes of doing it again; a creation whose answer was lost may have been done.
  private static let repetitions: [Errno: String] = [
    .permissionDenied: "will fail again", .noSuchFileOrDirectory: "will fail again", .fileExists: "will fail again",
    .invalidArgument: "will fail again", .fileTooLarge: "will fail again", .timedOut: "look before you repeat",
    .ioError: "look before you repeat",
  ]

  @Test(arguments: [TreeServer.error(.timedOut), TreeServer.error(.connectionLost), TreeServer.error(.api, 502)])
  func aLostAnswerIsLookedUp(error: BerayError) async throws {
    _ = try await bed.ls()
    bed.server.answerCreation { _ throws(BerayError) in throw error }
    #expect(await errno(try await bed.mkdir("go on")) == Errno(error))
    await bed.server.requests(.list, 2)
    await bed.fileSystem.settle(within: .seconds(60)) { _ in }
    #expect(bed.server.count(.create) == 1)
    let lines = try await bed.errors()
    try #require(lines.count == 2)
    #expect(lines[0][7] == "look before you repeat")
    #expect(lines[1][1] == "mkdir" && lines[1][5].contains("1-go-on") && lines[1][6] == "do not retry")
    #expect(lines[1][7] == "look before you repeat")
    // It is the task of this mkdir after all: the text is its name, and last shows it.
    #expect(try await bed.inode("go on") == bed.inode("1"))
    #expect(try await bed.readlink("last") == "1-go-on")
    #expect(await errno(try await bed.mkdir("go on")) == .fileExists)
  }

  @Test func aListFromBeforeDoesNotAnswerALookUp() async throws {
    let gate = bed.server.hold(.list)
    async let listing = bed.ls()
    await bed.server.requests(.list, 1)
    bed.server.answerCreation { _ throws(BerayError) in throw TreeServer.error(.timedOut) }
    #expect(await errno(try await bed.mkdir("go")) == .timedOut)
    bed.server.letPass(.list)
    gate.open()
    _ = try await listing
    await bed.fileSystem.settle(within: .seconds(60)) { _ in }
    #expect(try await bed.errors().last?[6] == "do not retry")
  }

  @Test func aCreationThatDidNotHappenIsToldAsSuch() async throws {
    bed.server.fail(.create, TreeServer.error(.timedOut))
    #expect(await errno(try await bed.mkdir("go")) == .timedOut)
    await bed.fileSystem.settle(within: .seconds(60)) { _ in }
    #expect(try await bed.errors().last?[5].contains("no task") == true)
  }

  @Test func anInterruptEndsTheWaitAndNotTheCreation() async throws {
    let gate = bed.server.hold(.create)
    let waiting = Task { await errno(try await bed.mkdir("go")) }
    await bed.server.requests(.create, 1)
    waiting.cancel()
    #expect(try await waiting.value == .interrupted)
    gate.open()
    await bed.fileSystem.settle(within: .seconds(1)) { _ in }
    #expect(try await bed.inode("go") == bed.inode("1-go"))
  }

  @Test func aRepeatedMkdirWaitsForTheOneThatWasInterrupted() async throws {
    let gate = bed.server.hold(.create)
    let first = Task { await errno(try await bed.mkdir("go")) }
    await bed.server.requests(.create, 1)
    first.cancel()
    #expect(try await first.value == .interrupted)
    async let second = errno(try await bed.mkdir("go"))
    gate.open()
    #expect(await second == .fileExists)
    #expect(bed.server.ids == [1])
  }

  @Test func aRepeatedMkdirWaitsForTheLookUp() async throws {
    bed.server.answerCreation { _ throws(BerayError) in throw TreeServer.error(.timedOut) }
    let gate = bed.server.hold(.list)
    #expect(await errno(try await bed.mkdir("go")) == .timedOut)
    async let second = errno(try await bed.mkdir("go"))
    await bed.server.requests(.list, 1)
    gate.open()
    #expect(await second == .fileExists)
    #expect(bed.server.ids == [1])
  }

  @Test func whatOthersMadeMeanwhileIsNotTakenForOurs() async throws {
    let server = bed.server
    server.add("go")
    _ = try await bed.ls()
    server.answerCreation { _ throws(BerayError) in
      server.add("go")
      throw TreeServer.error(.connectionLost)
    }
    #expect(await errno(try await bed.mkdir("go")) == .ioError)
    await bed.fileSystem.settle(within: .seconds(60)) { _ in }
    let line = try #require(try await bed.errors().last)
    #expect(line[3] == "EIO" && line[5].contains("one of these may be your task: ") && line[5].contains("2-go, 3-go"))
    #expect(try await bed.readlink("last") == "3-go", "the newest, whoever made it")
  }

  @Test func aFailedServerIsToldAsSuch() async throws {
    bed.server.fail(.create, TreeServer.error(.api, 500))
    #expect(await errno(try await bed.mkdir("go")) == .ioError)
    await bed.fileSystem.settle(within: .seconds(60)) { _ in }
    #expect(try await bed.errors().last?[5].hasPrefix("the server failed (500), and no task") == true)
  }

  @Test(arguments: [".git", "lost+found", "Untitled Folder", "New folder (2)", "42", "last", " ", "\u{3000}"])
  func refusedNames(name: String) async throws {
    #expect(await errno(try await bed.mkdir(name)) == .notPermitted)
    #expect(bed.server.total == 0)
    let line = try #require(try await bed.errors().first)
    #expect(line[1] == "mkdir" && line[3] == "EPERM" && !line[6].isEmpty && line[7] == "will fail again")
  }

  @Test(arguments: ["new", "README.md", ".beray"])
  func fixedNamesExist(name: String) async throws {
    #expect(await errno(try await bed.mkdir(name)) == .fileExists)
    #expect(bed.server.total == 0)
  }

  @Test func noMkdir() async throws {
    let bed = TreeBed { $0.allowsMkdir = false }
    #expect(await errno(try await bed.mkdir("go")) == .notPermitted)
    #expect(bed.server.total == 0)
    #expect(try await bed.errors().first?[5].contains("--no-mkdir") == true)
    try await bed.echo("go", to: "new")
    #expect(try await bed.readlink("last") == "1-go")
  }

  @Test func anAnswerWithoutAGoalHasTheGoalThatWasAsked() async throws {
    bed.server.answerCreation { task in
      BerayTask(id: task.id, goal: "", status: TaskStatus(""), raw: ["id": JSON(task.id.rawValue)])
    }
    try await bed.mkdir("go on")
    #expect(try await bed.readlink("last") == "1-go-on")
    #expect(try await bed.cat("1/goal") == "go on\n")
    #expect(try await bed.cat("1/status") == "RUNNING\n")
  }

  @Test func aListFromBeforeTheCreationDoesNotRemoveIt() async throws {
    let gate = bed.server.hold(.list)
    async let listing = bed.tasks()
    await bed.server.requests(.list, 1)
    try await bed.mkdir("go")
    gate.open()
    #expect(try await listing == ["1-go"])
    bed.server.letPass(.list)
    bed.server.drop(TaskID(rawValue: 1))
    bed.time.advance(by: .seconds(2))
    #expect(try await bed.tasks() == [])
  }

  // MARK: - The same text again

  @Test func aTextWhoseTaskHasEndedMakesANewOne() async throws {
    let mkdir = bed.by(20)
    bed.processes.run(20, "mkdir", "daily report")
    try await mkdir.mkdir("daily report")
    #expect(try await mkdir.inode("daily report") == mkdir.inode("1"), "it runs")
    #expect(await errno(try await mkdir.mkdir("daily report")) == .fileExists)
    let line = try #require(try await bed.errors().last)
    #expect(line[3] == "EEXIST" && line[5].contains("RUNNING") && line[7] == "will fail again")
    bed.server.set(TaskID(rawValue: 1), status: "COMPLETED")
    bed.time.advance(by: .seconds(2))
    #expect(try await bed.inode("daily report") == bed.inode("1"), "who only looks finds it")
    #expect(await errno(try await mkdir.lookup("daily report")) == .noSuchFileOrDirectory)
    try await mkdir.mkdir("daily report")
    #expect(try await bed.inode("daily report") == bed.inode("2"))
    #expect(bed.server.ids == [1, 2])
  }

  @Test func theKernelsOwnRefusalHasItsReason() async throws {
    let mkdir = bed.by(20)
    bed.processes.run(20, "mkdir", "go")
    try await mkdir.mkdir("go")
    _ = try await mkdir.lookup("go")
    #expect(try await bed.errors().map { $0[3] } == ["EEXIST"])
    _ = try await bed.lookup("go")
    #expect(try await bed.errors().count == 1, "a look is no refusal")
  }

  @Test(arguments: [["mkdir", "-p", "go"], ["mkdir", "--parents", "go"], ["mkdir", "-vp", "go"]])
  func mkdirMinusPIsContentWithATaskThatHasEnded(words: [String]) async throws {
    bed.processes[20].words = words
    bed.processes[20].systemCall = .makesDirectory
    let mkdir = bed.by(20)
    try await mkdir.mkdir("go")
    bed.server.set(TaskID(rawValue: 1), status: "COMPLETED")
    bed.time.advance(by: .seconds(2))
    #expect(try await mkdir.inode("go") == bed.inode("1"))
    #expect(await errno(try await mkdir.mkdir("go")) == .fileExists)
    #expect(bed.server.ids == [1])
    #expect(try await bed.errors() == [])
  }

  @Test func aThreadOnItsWayToSleepIsAskedAgain() async throws {
    try await bed.mkdir("go")
    bed.server.set(TaskID(rawValue: 1), status: "COMPLETED")
    bed.time.advance(by: .seconds(2))
    bed.processes[20].systemCall = .running
    let look = Task { await errno(try await bed.by(20).lookup("go")) }
    await bed.time.sleepers(1)
    bed.processes[20].systemCall = .makesDirectory
    bed.time.advance(by: .milliseconds(1))
    #expect(try await look.value == .noSuchFileOrDirectory)
  }

  // MARK: - Slashes

  @Test func aGoalWithASlashHasItsReason() async throws {
    bed.processes.run(20, "mkdir", "/mnt/beray/review a/b")
    #expect(await errno(try await bed.by(20).lookup("review a")) == .noSuchFileOrDirectory)
    let line = try #require(try await bed.errors().last)
    #expect(line[1] == "mkdir" && line[2] == "review a/b" && line[3] == "ENOENT" && line[6].contains("'new'"))
    #expect(line[7] == "will fail again")
    #expect(bed.server.total == 0)
  }

  @Test(arguments: [["mkdir", "-p", "a/b"], ["mkdir", "-p", "/mnt/a/./b/c"], ["install", "-d", "a//b"]])
  func aDirectoryOnTheWayToAnotherIsNoGoal(words: [String]) async throws {
    bed.processes[20].words = words
    #expect(await errno(try await bed.by(20).mkdir("a")) == .notPermitted)
    let line = try #require(try await bed.errors().last)
    #expect(line[2].hasPrefix("a/b") && line[3] == "EPERM" && line[6].contains("'new'"))
    #expect(bed.server.ids == [])
  }

  /// mkdir(1) puts a NUL into its own words while it makes the directories on the way.
  @Test func aPathThatIsCutInPlaceIsReadAsOne() async throws {
    let cut = Array("mkdir\0-p\0a\0b/c\0".utf8)
    #expect(ProcessTable.arguments(cmdline: cut, starts: [0, 6, 9]) == .init(["mkdir", "-p", "a/b/c"]))
    #expect(ProcessTable.arguments(cmdline: cut, starts: nil) == .init(["mkdir", "-p", "a", "b/c"], mayBeCut: true))
    bed.processes.run(20, "mkdir", "-p", "a", "b/c")
    bed.processes[20].mayBeCut = true
    #expect(await errno(try await bed.by(20).mkdir("a")) == .notPermitted)
    #expect(try await bed.errors().last?[2] == "a/b/c")
    #expect(bed.server.ids == [])
  }

  @Test(arguments: [["mkdir", "-p", "a"], ["mkdir", "a/"], ["mkdir", "/a/mnt/a"], ["mkdir", "a/b", "a"]])
  func whatTheCommandNamesForItselfIsAGoal(words: [String]) async throws {
    bed.processes[20].words = words
    try await bed.by(20).mkdir("a")
    #expect(bed.server.ids == [1])
  }

  @Test func aNameMayBeAsLongAsTheKernelLetsThrough() async throws {
    let goal = String(repeating: "写", count: 341)
    try await bed.mkdir(goal)
    #expect(bed.server.created.map(\.goal) == [goal])
    #expect(try await bed.inode(goal) == bed.inode("1"))
    #expect(await errno(try await bed.lookup(goal + "写")) == .fileNameTooLong)
    #expect(try await bed.errors().last?[6].contains("'new'") == true)
    #expect(await errno(try await bed.lookup("1/files/" + goal)) == .fileNameTooLong)
  }
}
