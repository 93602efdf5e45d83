import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// How what failed is tried again.
@Suite(.timeLimit(.minutes(5))) struct RetryTests {
  @Test func manyFailuresAreOneQuestionInARound() async throws {
    let fixture = WorkFixture()
    _ = try await fixture.names()
    fixture.server.fail(.upload, FakeWorkServer.error(.connectionRefused))
    for number in 0..<50 { try? await fixture.save("f\(number)", "\(number)") }
    let asked = fixture.server.count(.tree)
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(1))
    await fixture.server.requests(.upload, 100)
    await fixture.time.sleepers(1)
    #expect(fixture.server.count(.tree) == asked + 1)
    fixture.server.fail(.upload, nil)
    fixture.time.advance(by: .seconds(2))
    await fixture.server.requests(.upload, 150)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.count(.tree) == asked + 2)
    #expect(fixture.server.paths.count == 50)
    #expect(fixture.server.count(.upload) == 150)
  }

  @Test func aServerThatIsAwayIsAskedOnceInARound() async throws {
    let fixture = WorkFixture()
    fixture.server.fail(.upload, FakeWorkServer.error(.connectionRefused))
    for number in 0..<5 { try? await fixture.save("f\(number)", "\(number)") }
    fixture.server.fail(.tree, FakeWorkServer.error(.connectionRefused))
    let total = fixture.server.total
    for pause in [1, 2, 4] {
      await fixture.time.sleepers(1)
      fixture.time.advance(by: .seconds(pause))
    }
    await fixture.time.sleepers(1)
    #expect(fixture.server.total == total + 3)
  }

  @Test func aLoginHealsWhatWasRefused() async throws {
    let fixture = WorkFixture()
    fixture.server.fail(.upload, FakeWorkServer.error(.authentication, 401))
    await #expect(throws: Errno.permissionDenied) { try await fixture.save("f", "precious") }
    fixture.server.fail(.upload, nil)
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(5))
    await fixture.server.requests(.upload, 2)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f") == "precious")
  }
}
