import Foundation
import Testing

/// The end of a mount by SIGKILL, under load. `scripts/check-kill` does it as often as one likes.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct KillTests {
  @Test(arguments: [("full", 11), ("bare", 12)])
  func aKilledMountLeavesNobodyHanging(server: String, seed: Int) async throws {
    try await kill(["--server", server, "--seed", "\(seed)", "--kills", "6"])
  }

  @Test func statusFreesWhomAMountWithoutGuardianLeft() async throws {
    try await kill(["--server", "bare", "--seed", "13", "--kills", "3", "--without-guardian"])
  }

  private func kill(_ arguments: [String]) async throws {
    let tests = (#filePath as NSString).deletingLastPathComponent
    var environment = Bed.environment(in: "/nonexistent")
    environment["BERAY_FS"] = Bed.program
    let result = try await Bed.run(
      ["/usr/bin/env", "python3", "-B", tests + "/../../scripts/check-kill"] + arguments, environment: environment,
      timeout: 200)
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }
}
