import PosixFacts
import Testing

/// Whether the files of a task keep the facts of POSIX, on a real mount.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FileFactsTests {
  @Test func ourServer() async throws { try await check(.local, except: PosixFact.needingLinks) }

  @Test func aServerWithTheBareAPI() async throws {
    try await check(.bare(arguments: []), except: PosixFact.needingLinks.union(PosixFact.needingRemoval))
  }

  /// Each fact in the empty `files/` of a task of its own. What is excepted has to fail with EPERM.
  private func check(_ server: Bed.Server, except exceptions: Set<String>) async throws {
    try await withBed(server) { bed in
      for (number, check) in PosixCheck.all(program: Bed.products + "/posix-facts").enumerated() {
        let goal = "true fact \(number)"
        let made = try await bed.sh("mkdir '\(goal)' && cat '\(goal)/wait' > /dev/null")
        try #require(made.status == 0, "\(made.errors)")
        let result = try await Bed.run(
          ["/usr/bin/env", "--chdir=\(bed.mountpoint)/\(goal)/files"] + check.arguments,
          environment: Bed.environment(in: bed.directory), timeout: 30)
        if exceptions.contains(check.name) {
          #expect(result.status != 0, "\(check) holds")
          #expect(
            result.errors.contains("EPERM") || result.errors.contains("not permitted"), "\(check): \(result.errors)")
        } else {
          #expect(result.status == 0, "\(check): \(result.errors)")
        }
      }
    }
  }
}
