import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Saves that end with a rename, as most editors do, where somebody else wrote the file since it was looked at.
@Suite struct ReplacedByRenameTests {
  private static let replaced = "this rename replaced that version"

  /// As an atomic save of `f` does, by way of a temporary name.
  private func save(_ text: String, _ fixture: WorkFixture, closesFirst: Bool = true) async throws {
    let file = try await fixture.create("f.tmp", [.write, .exclusive])
    try await fixture.write(file, text)
    if closesFirst { try await fixture.close(file) }
    try await fixture.rename("f.tmp", "f")
    if !closesFirst { try await fixture.close(file) }
  }

  @Test(arguments: [FakeWorkServer.Manner.ours, .bare], [true, false])
  func theVersionOfSomebodyElseIsToldOf(_ manner: FakeWorkServer.Manner, closesFirst: Bool) async throws {
    let fixture = WorkFixture(manner)
    fixture.server.put("f", "old")
    #expect(try await fixture.text("f") == "old")
    fixture.server.put("f", "theirs")
    fixture.time.advance(by: .seconds(2))
    try await save("mine", fixture, closesFirst: closesFirst)
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.server.paths == ["f"])
    #expect(fixture.errors.contains(Self.replaced), "\(fixture.errors)")
  }

  @Test(arguments: [FakeWorkServer.Manner.ours, .bare], [true, false])
  func aFileThatSomebodyElseMadeIsToldOf(_ manner: FakeWorkServer.Manner, closesFirst: Bool) async throws {
    let fixture = WorkFixture(manner)
    #expect(try await fixture.names() == [])
    fixture.server.put("f", "theirs")
    fixture.time.advance(by: .seconds(2))
    try await save("mine", fixture, closesFirst: closesFirst)
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.errors.contains(Self.replaced), "\(fixture.errors)")
  }

  @Test(arguments: [FakeWorkServer.Manner.ours, .bare, .minimal], [true, false])
  func ofOurOwnVersionNothingIsTold(_ manner: FakeWorkServer.Manner, closesFirst: Bool) async throws {
    let fixture = WorkFixture(manner)
    fixture.server.put("f", "old")
    #expect(try await fixture.text("f") == "old")
    for number in 0..<5 {
      try await save("\(number)", fixture, closesFirst: closesFirst)
      #expect(try await fixture.text("f") == "\(number)")
      fixture.time.advance(by: .seconds(2))
    }
    #expect(fixture.server.text("f") == "4")
    #expect(fixture.errors == "")
  }

  /// What was read is what is replaced, though the listing is older.
  @Test func ofAVersionThatWasReadNothingIsTold() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "old")
    _ = try await fixture.names()
    fixture.server.put("f", "new from the agent")
    #expect(try await fixture.text("f") == "new from the agent")
    try await save("mine", fixture)
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.errors == "")
  }

  @Test func whatIsGoneOnTheServerIsNoVersion() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("f", "old")
    _ = try await fixture.text("f")
    fixture.server.delete("f")
    try await save("mine", fixture)
    #expect(fixture.server.text("f") == "mine")
    #expect(fixture.errors == "")
  }
}
