internal import Beray
package import VFS

#if canImport(Glibc)
import Glibc
#endif

/// The clocks of the file system, which tests can turn by hand.
package struct TimeSource: Sendable {
  /// Time since some fixed moment; never goes back.
  package var uptime: @Sendable () -> Duration
  /// The time of day.
  package var now: @Sendable () -> Timestamp
  /// Waits, and ends early (with `CancellationError`) when the task is cancelled.
  package var sleep: @Sendable (Duration) async throws -> Void
  /// As ``sleep(_:)``, for the end of something under way. A test does not count it among the sleepers.
  var expire: @Sendable (Duration) async throws -> Void

  package init(
    uptime: @escaping @Sendable () -> Duration, now: @escaping @Sendable () -> Timestamp,
    sleep: @escaping @Sendable (Duration) async throws -> Void
  ) {
    self.uptime = uptime
    self.now = now
    self.sleep = sleep
    expire = sleep
  }

  /// The machine's clocks.
  package static let system = TimeSource(
    uptime: {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    },
    now: {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    },
    sleep: { try await DeadlineQueue.shared.sleep(until: .now + $0) })
}
