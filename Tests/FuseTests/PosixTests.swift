import Glibc
import PosixFacts
import Testing

@testable import Fuse

@Suite(.serialized) struct PosixTests {
  /// On a plain directory: a fact that does not hold there is none.
  @Test(arguments: PosixFact.all) func aDirectoryKeeps(fact: PosixFact) async throws {
    let path = try TestMount.temporaryDirectory()
    let result = try await Command(fact.arguments, in: path).result(within: 30) {}
    #expect(result.succeeded, "\(result.output)")
    let removed = try await Command(["rm", "-rf", path]).result(within: 30) {}
    #expect(removed.succeeded)
  }

  @Test(arguments: PosixFact.all) func aMountKeeps(fact: PosixFact) async throws {
    try await TestMount.with { (mount) async throws in
      let result = try await mount.run(fact.arguments)
      #expect(result.succeeded, "\(result.output)")
    }
  }
}
