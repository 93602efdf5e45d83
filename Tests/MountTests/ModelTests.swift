import Foundation
import Testing

/// Random operations on a mount and on a plain directory, compared after each. `scripts/model` does as many as one likes.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ModelTests {
  /// A run of the driver.
  struct Walk: CustomTestStringConvertible {
    var server: Bed.Server
    var seed: Int
    var count: Int
    /// Whether the task runs meanwhile, so that what is known of its files is old after a second.
    var isRunning = false

    var testDescription: String { "\(server), seed \(seed), \(count) operations, \(isRunning ? "running" : "ended")" }
  }

  static let walks = [
    Walk(server: .local, seed: 1, count: 2500), Walk(server: .local, seed: 2, count: 1000, isRunning: true),
    Walk(server: .bare(arguments: []), seed: 3, count: 1500),
    Walk(server: .bare(arguments: []), seed: 4, count: 500, isRunning: true),
    Walk(server: .bare(arguments: ["--no-length"]), seed: 5, count: 1000),
    Walk(server: .bare(arguments: ["--no-length"]), seed: 6, count: 500, isRunning: true),
  ]

  @Test(arguments: walks)
  func aMountDoesAsADirectory(walk: Walk) async throws {
    try await withBed(walk.server) { bed in
      let driver = (#filePath as NSString).deletingLastPathComponent + "/Model/model.py"
      let isFull = if case .local = walk.server { true } else { false }
      let work = bed.directory + (isFull ? "/data/tasks/ID/work" : "/bare/ID")
      let result = try await Bed.run(
        [
          "/usr/bin/env", "python3", "-B", driver, bed.mountpoint, work, "--kind", isFull ? "full" : "bare",
          "--seed", "\(walk.seed)", "--count", "\(walk.count)", "--plain", bed.directory,
        ] + (walk.isRunning ? ["--running"] : []), environment: Bed.environment(in: bed.directory), timeout: 240)
      print(result.output)
      #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
  }
}
