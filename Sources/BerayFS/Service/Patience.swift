import SystemPackage
import Waiting

/// How long a look waits for news when something older can be shown.
enum Patience {
  static let limit = Duration.seconds(1)

  /// Waits for `work`, but no longer than ``limit``. After that, the work goes on alone.
  /// - Throws: `EINTR` if the wait is cancelled.
  static func wait(by time: TimeSource, for work: @escaping @Sendable () async -> Void) async throws(Errno) {
    let enough = Flight<Void, Errno>()
    Task { await enough.finish { await work() } }
    try await enough.value(within: { try await time.sleep(limit) }, otherwise: ())
  }
}
