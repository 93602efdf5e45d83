import BerayAPI
import BerayClient
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
  }

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
    #expect(lines[0][7] == "look before you retry")
    #expect(lines[1][1] == "mkdir" && lines[1][5].contains("1-go-on") && lines[1][6] == "do not retry")
    #expect(lines[1][7] == "look before you retry")
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
    #expect(line[3] == "EIO" && line[5].contains("perhaps") && line[5].contains("2-go, 3-go"))
    #expect(await errno(try await bed.readlink("last")) == .noSuchFileOrDirectory)
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
    #expect(line[1] == "mkdir" && line[3] == "EPERM" && !line[6].isEmpty)
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
}
