import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What others do to a file that is too large for memory.
@Suite struct LargeOthersVersionsTests {
  @Test(arguments: [0, 1])
  func aLargeFileThatChangedSinceItWasListedIsListedAnew(growth: Int) async throws {
    let fixture = WorkFixture(.ours)
    let size = ContentCache.wholeLimit + 10
    fixture.server.put("f", [UInt8](repeating: 1, count: size))
    _ = try await fixture.names()
    var theirs = [UInt8](repeating: 2, count: size + growth)
    fixture.server.put("f", theirs)
    let file = try await fixture.open("f", [.read, .write]).file
    try await fixture.write(file, [3], at: 7)
    try await fixture.close(file)
    theirs[7] = 3
    #expect(fixture.server.file("f")?.bytes == theirs)
    #expect(fixture.errors == "")
  }

  @Test func aLargeFileThatIsListedAnewWhileItComesIsFetchedAnew() async throws {
    let fixture = WorkFixture(.full)
    let size = ContentCache.wholeLimit + 10
    fixture.server.put("f", [UInt8](repeating: 1, count: size))
    let file = try await fixture.open("f", [.read, .write]).file
    _ = fixture.server.hold(.content)
    let writing = Task { try await fixture.write(file, [3], at: 7) }
    await fixture.server.requests(.content, 1)
    var theirs = [UInt8](repeating: 2, count: size + 1)
    fixture.server.put("f", theirs)
    fixture.tree.markStale()
    _ = try await fixture.names()
    fixture.server.letGo(.content)
    _ = try await writing.value
    try await fixture.close(file)
    theirs[7] = 3
    #expect(fixture.server.file("f")?.bytes == theirs)
  }
}
