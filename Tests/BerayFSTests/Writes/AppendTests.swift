import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What programs only append goes up by an operation of its own, where the server has it.
@Suite(.timeLimit(.minutes(5))) struct AppendTests {
  private func append(_ text: String, to path: String, _ fixture: WorkFixture) async throws {
    let file = try await fixture.create(path, [.write, .append])
    try await fixture.write(file, text, at: nil)
    try await fixture.close(file)
  }

  @Test func nothingElseIsAsked() async throws {
    let fixture = WorkFixture(.appending)
    fixture.server.put("log", "0")
    #expect(try await fixture.text("log") == "0")
    let asked = fixture.server.log.count
    for text in ["1", "2", "3"] { try await append(text, to: "log", fixture) }
    #expect(fixture.server.log.dropFirst(asked) == ["append log", "append log", "append log"])
    #expect(fixture.server.text("log") == "0123")
    #expect(try await fixture.text("log") == "0123")
    #expect(fixture.errors == "")
  }

  @Test func aNewFileIsAppendedToAsWell() async throws {
    let fixture = WorkFixture(.appending)
    _ = try await fixture.names()
    try await append("1", to: "log", fixture)
    #expect(fixture.server.text("log") == "1")
    fixture.server.put("other", "theirs")
    try await append("2", to: "other", fixture)
    #expect(fixture.server.text("other") == "theirs2")
    #expect(fixture.server.count(.upload) == 0)
  }

  /// A program keeps the file open, as `exec 3>>log` does, and somebody else appends as well.
  @Test func linesOfBothStay() async throws {
    let fixture = WorkFixture(.appending)
    let file = try await fixture.create("log", [.write, .append])
    var expected = ""
    for number in 0..<20 {
      try await fixture.write(file, "\(number)\n", at: nil)
      try await file.flush(caller: WorkFixture.caller).get()
      let text = try #require(fixture.server.text("log"))
      if number % 3 == 0 { fixture.server.put("log", text + "note\n") }
      expected += number % 3 == 0 ? "\(number)\nnote\n" : "\(number)\n"
    }
    #expect(try await fixture.readAll(file) == Array(expected.utf8))
    try await fixture.close(file)
    #expect(fixture.server.text("log") == expected)
    #expect(fixture.server.count(.upload) == 0)
    #expect(fixture.errors == "")
  }

  @Test func anAppendWhoseAnswerIsLostIsThereOnce() async throws {
    let fixture = WorkFixture(.appending)
    fixture.server.put("log", "0")
    let file = try await fixture.open("log", [.write, .append]).file
    try await fixture.write(file, "1", at: nil)
    fixture.server.loseAnswer(.append)
    await #expect(throws: Errno.ioError) { try await file.fsync().get() }
    fixture.server.put("log", try #require(fixture.server.text("log")) + "theirs")
    try await fixture.write(file, "2", at: nil)
    try await fixture.close(file)
    #expect(fixture.server.text("log") == "01theirs2")
    #expect(try await fixture.text("log") == "01theirs2")
  }

  @Test func aWriteInPlaceAfterALostAnswerBringsTheWhole() async throws {
    let fixture = WorkFixture(.appending)
    fixture.server.put("log", "0")
    let file = try await fixture.open("log", [.read, .write]).file
    try await fixture.write(file, "1", at: nil)
    fixture.server.loseAnswer(.append)
    await #expect(throws: Errno.ioError) { try await file.fsync().get() }
    try await fixture.write(file, "X", at: 0)
    try await fixture.close(file)
    #expect(fixture.server.text("log") == "X1")
    #expect(!fixture.errors.contains("replaced that version"))
  }

  @Test func whatIsRemovedMeanwhileComesBackAsAWhole() async throws {
    let fixture = WorkFixture(.appending)
    fixture.server.put("log", "0")
    let file = try await fixture.open("log", [.write, .append]).file
    try await fixture.write(file, "1", at: nil)
    fixture.server.delete("log")
    try await fixture.close(file)
    #expect(fixture.server.text("log") == "01")
  }

  @Test func aLargeTailComesFromItsTemporaryFile() async throws {
    var limits = WorkShared.Limits()
    limits.bufferInMemory = 1000
    let fixture = WorkFixture(.appending, limits: limits)
    let old = (0..<900).map { UInt8(truncatingIfNeeded: $0) }
    let new = (0..<5000).map { UInt8(truncatingIfNeeded: $0 / 3) }
    fixture.server.put("log", old)
    let file = try await fixture.open("log", [.read, .write, .append]).file
    for start in stride(from: 0, to: 5000, by: 700) {
      try await fixture.write(file, Array(new[start..<min(start + 700, 5000)]), at: nil)
    }
    #expect(try await fixture.readAll(file) == old + new)
    try await fixture.close(file)
    #expect(fixture.server.file("log")?.bytes == old + new)
    #expect(fixture.server.count(.upload) == 0)
  }
}
