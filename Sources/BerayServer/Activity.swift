internal import Synchronization

/// Knows whether anybody uses the server.
final class Activity: Sendable {
  private struct State {
    var inUse = 0
    /// Grows with each use that begins or ends.
    var changes: UInt64 = 0
    var isClosed = false
  }

  /// One use of the server, such as a request until its answer is sent; it ends with its last reference.
  final class Use: Sendable {
    private let activity: Activity

    fileprivate init(_ activity: Activity) { self.activity = activity }

    deinit { activity.end() }
  }

  private let state = Mutex(State())

  /// - Returns: nil if the server was found idle and ends.
  func begin() -> Use? {
    let isOpen = state.withLock { state in
      guard !state.isClosed else { return false }
      state.inUse += 1
      state.changes += 1
      return true
    }
    return isOpen ? Use(self) : nil
  }

  private func end() {
    state.withLock { state in
      state.inUse -= 1
      state.changes += 1
    }
  }

  /// Returns after `timeout` without a use or a task, or when it is cancelled. No use begins after that: what came in
  /// before is done, what comes later is refused.
  func closeWhenIdle(for timeout: Duration, clock: any Clock<Duration>, isBusy: () -> Bool) async throws {
    // A tenth at a time: it ends at most that much late.
    var quietTenths = 0
    var seen = state.withLock(\.changes)
    while !state.withLock(\.isClosed) {
      try await clock.sleep(for: timeout / 10)
      state.withLock { state in
        quietTenths = state.changes == seen && state.inUse == 0 && !isBusy() ? quietTenths + 1 : 0
        seen = state.changes
        state.isClosed = quietTenths >= 10
      }
    }
  }
}
