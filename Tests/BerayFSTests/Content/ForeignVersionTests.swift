import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Versions of others that look like our own.
@Suite struct ForeignVersionTests {
  @Test func aForeignVersionIsNotTakenForOursByItsSize() async throws {
    for manner in [FakeWorkServer.Manner.ours, .full, .bare] {
      let fixture = WorkFixture(manner)
      try await fixture.save("f", "mine..")
      fixture.server.put("f", "theirs")
      fixture.time.advance(by: .seconds(31))
      #expect(try await fixture.text("f") == "theirs")
    }
  }

  @Test func newTimesOfAForeignVersionDoNotHideIt() async throws {
    let fixture = WorkFixture(.ours)
    try await fixture.save("f", "mine")
    fixture.server.put("f", "theirs!")
    let time = AttributeChanges(modified: .at(Timestamp(seconds: 1_000_000)))
    _ = try await fixture.node("f").setattr(time, file: nil, caller: WorkFixture.caller).get()
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.text("f") == "theirs!")
  }

  @Test func manySmallFilesAreOneRequestEach() async throws {
    let fixture = WorkFixture(.ours)
    _ = try await fixture.names()
    for number in 0..<300 { try await fixture.save("f\(number)", "\(number)") }
    #expect(fixture.server.total == 301)
    #expect(fixture.errors == "")
  }
}
