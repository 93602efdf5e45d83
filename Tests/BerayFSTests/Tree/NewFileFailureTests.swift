import Beray
import BerayAPI
import Foundation
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Goals in `new` that cannot become tasks, or not yet.
@Suite(.timeLimit(.minutes(5))) struct NewFileFailureTests {
  let bed = TreeBed()
  var goals: [String] { bed.server.created.map(\.goal) }

  @Test func whatIsNotUTF8IsRefusedInWrite() async throws {
    let file = try await bed.open("new", .write)
    try await bed.write(file, "half a goal ")
    #expect(await errno(try await bed.write(file, [0x61, 0xff])) == .illegalByteSequence)
    try await bed.close(file)
    #expect(try await bed.tasks() == [])
    #expect(goals == [], "half of a goal is not what was meant")
    #expect(try await bed.errors().first?[3] == "EILSEQ")
  }

  @Test func aCharacterMayComeInTwoWritesButNotHalf() async throws {
    let bytes = Array("é写".utf8)
    let file = try await bed.open("new", .write)
    for byte in bytes { try await bed.write(file, [byte]) }
    try await bed.close(file)
    #expect(try await bed.readlink("last") == "1-é写")
    let half = try await bed.open("new", .write)
    try await bed.write(half, bytes.dropLast().map { $0 })
    try await bed.close(half)
    #expect(try await bed.tasks().count == 1)
    #expect(try await bed.errors().last?[3] == "EILSEQ")
  }

  @Test func whatIsTooLongIsRefusedInWrite() async throws {
    let file = try await bed.open("new", .write)
    let most = [UInt8](repeating: 0x61, count: Goal.maximumLength)
    #expect(try await bed.write(file, most) == most.count)
    #expect(await errno(try await bed.write(file, "b")) == .fileTooLarge)
    try await bed.close(file)
    #expect(try await bed.tasks() == [])
    #expect(goals == [])
  }

  @Test func whatCannotWorkFailsAtOpen() async throws {
    bed.server.fail(.list, TreeServer.error(.authentication, 401))
    #expect(await errno(try await bed.open("new", .write)) == .permissionDenied)
    bed.server.fail(.list, TreeServer.error(.connectionRefused))
    #expect(await errno(try await bed.open("new", .write)) == .connectionRefused)
    _ = try await bed.cat("new")
  }

  @Test func aFailureStandsInErrorsForTheNextCommand() async throws {
    bed.server.fail(.create, TreeServer.error(.unprocessableEntity, 422, "too vague"))
    try await bed.echo("go\n", to: "new")
    let line = try #require(try await bed.errors().last)
    #expect(line[1] == "new" && line[3] == "EINVAL" && line[4] == "422" && line[5] == "too vague")
    #expect(bed.server.count(.create) == 1)
  }

  @Test func brokenJSONIsToldAndMakesNothing() async throws {
    try await bed.echo(#"{"goal": "find the bug", "tools": "browser"}"#, to: "new")
    let line = try #require(try await bed.errors().last)
    #expect(line[1] == "new" && line[3] == "EINVAL" && line[5].contains("'tools' is not a list"))
    #expect(goals == [])
  }

  @Test func aConflictTellsThatItExists() async throws {
    bed.server.fail(.create, TreeServer.error(.conflict, 409))
    try await bed.echo("go", to: "new")
    #expect(try await bed.errors().last?[3] == "EEXIST")
  }

  @Test func aGoalThatNobodyClosesIsSavedAtTheEnd() async throws {
    let directory = "/tmp/tree-tests/\(UInt32.random(in: 0...UInt32.max))"
    let bed = TreeBed { $0.rescueDirectory = directory }
    let (file, empty) = (try await bed.open("new", .write), try await bed.open("new", .write))
    try await bed.write(file, "half of a go")
    let saved = await bed.fileSystem.finish(deadline: .seconds(10)) { _ in }
    #expect(saved.map(\.path) == ["new"])
    #expect(try String(contentsOfFile: try #require(saved.first).savedAs, encoding: .utf8) == "half of a go")
    #expect(bed.server.created.isEmpty)
    try await bed.release(empty)
    try FileManager.default.removeItem(atPath: directory)
  }

  @Test func aMountThatEndsMakesTheTaskFirst() async throws {
    let gate = bed.server.hold(.create)
    try await bed.echo("go", to: "new")
    let finishing = Task { await bed.fileSystem.finish(deadline: .seconds(10)) { _ in } }
    await bed.server.requests(.create, 1)
    gate.open()
    #expect(await finishing.value == [])
    #expect(bed.server.ids == [1])
    #expect(try await bed.readlink("last") == "1-go")
  }
}
