internal import Synchronization

/// Knows whether anybody uses the server.
final class Activity: Sendable {
  private struct State {
    var requests: UInt64 = 0
    var streams = 0
  }

  private let state = Mutex(State())

  /// A request came.
  func touch() { state.withLock { $0.requests += 1 } }

  /// A long answer begins; it counts as use until ``endStream()``.
  func beginStream() { state.withLock { $0.streams += 1 } }

  func endStream() {
    state.withLock { state in
      state.streams -= 1
      state.requests += 1
    }
  }

  /// Returns after `timeout` without a request, a stream or a task, or when it is cancelled.
  func waitUntilIdle(for timeout: Duration, clock: any Clock<Duration>, isBusy: () -> Bool) async throws {
    // A tenth at a time: it ends at most that much late.
    var quietTenths = 0
    var seen = state.withLock { $0.requests }
    while quietTenths < 10 {
      try await clock.sleep(for: timeout / 10)
      let (requests, streams) = state.withLock { ($0.requests, $0.streams) }
      quietTenths = requests == seen && streams == 0 && !isBusy() ? quietTenths + 1 : 0
      seen = requests
    }
  }
}
