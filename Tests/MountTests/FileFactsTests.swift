import PosixFacts
import Testing

/// Whether the files of a task keep the facts of POSIX, on a real mount.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FileFactsTests {
  private static let noLinks = [
    "hard links share an inode": "the API has no links",
    "a symbolic link is not followed by lstat": "the API makes no links",
    "a listing shows what is there": "the API makes no links",
  ]

  private static let noRemoval = [
    "removing while listing misses nothing": "the API removes no file",
    "a listing that is read later brings back no name": "the API removes no file",
    "a tree is copied, compared and removed": "the API removes no file",
    "rename replaces a file": "the API renames no file",
    "rename keeps the inode and open handles": "the API renames no file",
    "rename moves between directories": "the API renames no file",
  ]

  @Test func ourServer() async throws { try await check(.local, except: Self.noLinks) }

  @Test func aServerWithTheBareAPI() async throws {
    try await check(.bare(arguments: []), except: Self.noLinks.merging(Self.noRemoval) { first, _ in first })
  }

  /// Each fact in the empty `files/` of a task of its own. What is excepted has to fail with EPERM, and to say why.
  private func check(_ server: Bed.Server, except exceptions: [String: String]) async throws {
    try await withBed(server) { bed in
      for (number, fact) in PosixFact.all.enumerated() {
        let goal = "true fact \(number)"
        let made = try await bed.sh("mkdir '\(goal)' && cat '\(goal)/wait' > /dev/null")
        try #require(made.status == 0, "\(made.errors)")
        let result = try await Bed.run(
          ["/usr/bin/env", "--chdir=\(bed.mountpoint)/\(goal)/files"] + fact.arguments,
          environment: Bed.environment(in: bed.directory), timeout: 30)
        if let reason = exceptions[fact.name] {
          #expect(result.status != 0, "\(fact): \(reason)?")
          #expect(
            result.errors.contains("EPERM") || result.errors.contains("not permitted"), "\(fact): \(result.errors)")
        } else {
          #expect(result.status == 0, "\(fact): \(result.errors)")
        }
      }
    }
  }
}
