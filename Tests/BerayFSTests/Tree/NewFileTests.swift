import Beray
import BerayAPI
import Foundation
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct NewFileTests {
  let bed = TreeBed()
  var goals: [String] { bed.server.created.map(\.goal) }

  @Test func oneHandleIsOneGoal() async throws {
    let file = try await bed.open("new", .write)
    #expect(file.options.contains(.directIO))
    for piece in ["a\n", "b\n", "写"] { #expect(try await bed.write(file, piece) == piece.utf8.count) }
    #expect(goals == [])
    try await bed.close(file)
    #expect(try await bed.readlink("last") == "1-a-b-写")
    #expect(goals == ["a\nb\n写"])
    #expect(try await bed.cat("1/goal") == "a\nb\n写\n")
  }

  @Test func jsonNamesTools() async throws {
    try await bed.echo(#"{"goal": "find the bug", "tools": ["browser", {"web": {"url": "http://t"}}]}"#, to: "new")
    #expect(try await bed.readlink("last") == "1-find-the-bug")
    #expect(bed.server.created.first?.tools == ["browser", ["web": ["url": "http://t"]]])
  }

  @Test func agentAndFromGoWhereTheServerTakesThem() async throws {
    let text = #"{"goal": "go", "agent": "codex", "from": "/src"}"#
    try await bed.echo(text, to: "new")
    let line = try #require(try await bed.errors().last)
    #expect(line[3] == "EINVAL" && line[5].contains("does not accept 'agent'") && line[7] == "will fail again")
    #expect(goals == [])
    bed.server.offer([.choosesAgent, .startsFrom])
    try await bed.echo(text, to: "new")
    #expect(try await bed.readlink("last") == "1-go")
    #expect(bed.server.created == [TaskRequest(goal: "go", agent: "codex", from: "/src")])
  }

  // MARK: - What a shell cannot see

  @Test func lastLeadsNowhereAfterARefusalAndNewTellsWhy() async throws {
    try await bed.echo("one", to: "new")
    #expect(try await bed.cat("new") == "1\n")
    try await bed.echo(#"{"goal": }"#, to: "new")
    let target = try await bed.readlink("last")
    #expect(target.contains(".beray/errors"))
    #expect(try await bed.stat("last").size == Int64(target.utf8.count))
    #expect(await errno(try await bed.lookup(target)) == .noSuchFileOrDirectory)
    let text = try await bed.cat("new")
    #expect(text.hasPrefix("error: EINVAL: the goal looks like JSON"))
    #expect(try await bed.stat("new").size == Int64(text.utf8.count))
    try await bed.echo("two", to: "new")
    #expect(try await bed.readlink("last") == "2-two")
    #expect(try await bed.cat("new") == "2\n")
  }

  @Test func aRefusalIsOfItsSessionAlone() async throws {
    bed.processes[20].session = 2
    let other = bed.by(20)
    try await other.echo("theirs", to: "new")
    #expect(try await other.cat("new") == "1\n")
    bed.server.fail(.create, TreeServer.error(.unprocessableEntity, 422, "too vague"))
    try await bed.echo("mine", to: "new")
    #expect(try await bed.cat("new") == "error: EINVAL: too vague\n")
    #expect(try await other.cat("new") == "1\n")
    #expect(try await other.stat("new").size == 2)
    #expect(try await other.readlink("last") == "1-theirs")
    #expect(try await bed.readlink("last") != "1-theirs")
    bed.server.fail(.create, nil)
    try await other.mkdir("newer")
    #expect(try await bed.readlink("last") == "2-newer", "a newer task than the refusal knew")
  }

  @Test func aRefusedWriteIsNoOldTaskEither() async throws {
    try await bed.echo("one", to: "new")
    let file = try await bed.open("new", .write)
    #expect(await errno(try await bed.write(file, [0xff])) == .illegalByteSequence)
    try await bed.close(file)
    #expect(try await bed.cat("new").hasPrefix("error: EILSEQ"))
    #expect(try await bed.readlink("last") != "1-one")
  }

  @Test func mkdirIsReadBackAsWell() async throws {
    try await bed.echo(" ", to: "new")
    try await bed.mkdir("go")
    #expect(try await bed.cat("new") == "1\n")
    #expect(try await bed.readlink("last") == "1-go")
  }

  // MARK: - Ctrl-C

  private func killed(_ signal: Int32?) -> TreeBed {
    bed.processes[20].end = .signal(signal)
    return bed.by(20)
  }

  @Test func ctrlCStartsNothing() async throws {
    let file = try await bed.open("new", .write)
    try await bed.write(file, "half a goal\n")
    try await killed(SIGINT).flush(file)
    try await bed.flush(file)
    try await bed.release(file)
    #expect(try await bed.tasks() == [])
    #expect(goals == [])
    let line = try #require(try await bed.errors().last)
    #expect(line[3] == "EINTR" && line[7] == "safe to repeat")
  }

  @Test(arguments: [true, false]) func aWriterThatWasKilledHalfWay(othersGoOn: Bool) async throws {
    let file = try await bed.open("new", .write)
    try await bed.write(file, "a\n")
    try await killed(SIGTERM).flush(file)
    if othersGoOn {
      try await bed.write(file, "b\n")
      try await bed.flush(file)
    }
    try await bed.release(file)
    #expect(try await bed.tasks() == (othersGoOn ? ["1-a-b"] : []))
  }

  @Test func theEndOfAProcessIsReadFromItsStatus() {
    func stat(_ flags: Int, _ code: Int) -> [UInt8] {
      let fields = (3...52).map { $0 == 9 ? "\(flags)" : $0 == 52 ? "\(code)" : $0 == 3 ? "S" : "0" }
      return Array("7 (a) b (c) \(fields.joined(separator: " "))\n".utf8)
    }
    #expect(ProcessTable.end(stat: stat(0x404, 2)) == .signal(SIGINT))
    #expect(ProcessTable.end(stat: stat(0x404, 0)) == .signal(nil))
    #expect(ProcessTable.end(stat: stat(0x4, 256)) == nil)
    #expect(ProcessTable.end(stat: stat(0x400, 2)) == nil)
    #expect(ProcessTable.end(stat: []) == nil)
  }

  // MARK: - Order

  @Test func goalsBecomeTasksInTheOrderOfTheirCloses() async throws {
    var files: [TreeBed.Handle] = []
    for number in 0..<20 {
      let file = try await bed.open("new", .write)
      try await bed.write(file, "goal \(number)")
      files.append(file)
    }
    for file in files { try await bed.flush(file) }
    // The kernel's words of the last closes may come in any order.
    for file in files.shuffled() { try await bed.release(file) }
    _ = try await bed.tasks()
    #expect(goals == (0..<20).map { "goal \($0)" })
  }

  @Test func aHandleThatStaysOpenHoldsNobodyUpForLong() async throws {
    let (first, second) = (try await bed.open("new", .write), try await bed.open("new", .write))
    try await bed.write(first, "first")
    try await bed.flush(first)
    try await bed.write(second, "second")
    try await bed.close(second)
    await bed.time.sleepers(2)
    bed.time.advance(by: .milliseconds(500))
    await bed.server.requests(.create, 1)
    #expect(goals == ["second"])
    // Closed again it comes behind.
    try await bed.close(first)
    await bed.server.requests(.create, 2)
    #expect(goals == ["second", "first"])
  }

  @Test func itTellsHowToUseIt() async throws {
    #expect(try await bed.cat("new") == NewFile.help)
    #expect(try await bed.stat("new").size == Int64(NewFile.help.utf8.count))
    #expect(bed.server.total == 0)
  }

  @Test func nothingWrittenMakesNothing() async throws {
    let file = try await bed.open("new", [.write, .truncate])
    try await bed.close(file)
    try await bed.echo(" \n", to: "new")
    #expect(try await bed.tasks() == [])
    #expect(goals == [])
    #expect(try await bed.errors().last?[5] == "the goal is blank")
  }

  /// { date; sleep 1; echo b; } > new: every program that ends closes its copy of the descriptor.
  @Test(arguments: [0, 1, 60]) func othersWaitAfterTheLastOfSeveralWriters(seconds: Int) async throws {
    let file = try await bed.open("new", .write)
    try await bed.write(file, "a\n")
    try await bed.flush(file)
    await bed.time.sleepers(1)
    bed.time.advance(by: .seconds(seconds))
    try await bed.write(file, "b\n")
    try await bed.flush(file)
    let gate = bed.server.hold(.create)
    async let link = bed.readlink("last")
    async let tasks = bed.tasks()
    async let errors = bed.cat(".beray/errors")
    async let named = bed.inode("1-a-b")
    try await bed.release(file)
    await bed.server.requests(.create, 1)
    gate.open()
    #expect(try await link == "1-a-b")
    #expect(try await tasks == ["1-a-b"])
    #expect(try await errors == "")
    let found = try await named
    #expect(try await bed.inode("1") == found)
    #expect(goals == ["a\nb"])
  }

  @Test func othersWaitForACreationWhoseHandleWasKeptOpenForLong() async throws {
    let file = try await bed.open("new", .write)
    try await bed.write(file, "a\n")
    try await bed.flush(file)
    await bed.time.sleepers(1)
    bed.time.advance(by: .seconds(60))
    #expect(try await bed.tasks() == [])
    let gate = bed.server.hold(.create)
    try await bed.release(file)
    async let link = bed.readlink("last")
    await bed.server.requests(.create, 1)
    gate.open()
    #expect(try await link == "1-a")
  }

  @Test func nobodyWaitsForAHandleThatStaysOpen() async throws {
    let file = try await bed.open("new", .write)
    try await bed.write(file, "a\n")
    try await bed.flush(file)
    async let link = errno(try await bed.readlink("last"))
    await bed.time.sleepers(1)
    bed.time.advance(by: .seconds(1))
    #expect(await link == .noSuchFileOrDirectory)
    try await bed.release(file)
  }

  @Test func eachOfTwoGoalsAtOnceIsATask() async throws {
    let (one, two) = (try await bed.open("new", .write), try await bed.open("new", .write))
    try await bed.write(one, "a")
    try await bed.write(two, "b")
    try await bed.close(one)
    try await bed.close(two)
    #expect(try await bed.tasks().count == 2)
    #expect(goals.sorted() == ["a", "b"])
  }

  @Test func othersWaitForTheGoalsOfThatMomentAlone() async throws {
    let first = bed.server.hold(.create)
    let later = try await bed.open("new", .write)
    try await bed.echo("a", to: "new")
    await bed.server.requests(.create, 1)
    async let tasks = bed.tasks()
    // The delay after the close, and the patience of the listing.
    await bed.time.sleepers(2)
    let second = bed.server.hold(.create)
    _ = try await bed.write(later, Array("b".utf8))
    try await bed.close(later)
    first.open()
    let listed = try await tasks
    #expect(listed.contains("1-a"))
    second.open()
  }

  @Test(arguments: ["last", ".beray/errors", "1-a"])
  func aLookHasPatienceForASecond(path: String) async throws {
    let gate = bed.server.hold(.create)
    try await bed.echo("a", to: "new")
    await bed.server.requests(.create, 1)
    let look = Task { _ = await errno(try await bed.lookup(path)) }
    await bed.time.sleepers(2)
    bed.time.advance(by: .seconds(1))
    try await look.value
    gate.open()
  }
}
