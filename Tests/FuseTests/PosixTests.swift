import Foundation
import PosixFacts
import Testing

@testable import Fuse

@Suite(.serialized) struct PosixTests {
  /// What runs a fact in a process of its own, beside the program of the tests.
  private static let program: String = {
    let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (path as NSString).deletingLastPathComponent + "/posix-facts"
  }()

  /// On a plain directory: a fact that does not hold there is none.
  @Test(arguments: PosixCheck.all(program: Self.program)) func aDirectoryKeeps(check: PosixCheck) async throws {
    let path = try TestMount.temporaryDirectory()
    let result = try await Command(check.arguments, in: path).result(within: 30) {}
    #expect(result.succeeded, "\(result.output)")
    let removed = try await Command(["rm", "-rf", path]).result(within: 30) {}
    #expect(removed.succeeded)
  }

  @Test(arguments: PosixCheck.all(program: Self.program)) func aMountKeeps(check: PosixCheck) async throws {
    try await TestMount.with { (mount) async throws in
      let result = try await mount.run(check.arguments)
      #expect(result.succeeded, "\(result.output)")
    }
  }

  @Test(arguments: PosixFact.all) func aFileSystemInMemoryKeeps(fact: PosixFact) async throws {
    let fileSystem = MemoryFileSystem()
    let world = FileSystemWorld(fileSystem, caller: .own)
    try await fact.check(in: world)
    try world.finish()
    #expect(fileSystem.openHandles == 0)
  }
}
