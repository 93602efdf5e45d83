internal import Synchronization

/// Tracks whether the server is in use, so that an idle server can stop.
final class Activity: Sendable {
  private struct State {
    var inUse = 0
    /// Incremented whenever a use begins or ends.
    var changes: UInt64 = 0
    var isClosed = false
  }

  /// One use of the server, such as a request until its answer is sent. It ends when its last reference is released.
  final class Use: Sendable {
    private let activity: Activity

    fileprivate init(_ activity: Activity) { self.activity = activity }

    deinit { activity.end() }
  }

  private let state = Mutex(State())

  /// - Returns: nil if the server was idle and is shutting down.
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

  /// Returns once there has been no use and no task for `timeout`. From then on, ``begin()`` refuses every use.
  ///
  /// - Throws: `CancellationError` if it is cancelled first; uses can still begin then.
  func closeWhenIdle(for timeout: Duration, clock: any Clock<Duration>, isBusy: () -> Bool) async throws {
    // Checks ten times per timeout, so the server stops at most a tenth of the timeout late.
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
