import Beray

/// Limits how long a command that watches waits for an unreachable server.
struct OutageLimit: Sendable {
  static let limit = Duration.seconds(90)
  private var lostAt: ContinuousClock.Instant?

  mutating func succeeded() { lostAt = nil }

  /// Whether to try again after `error`.
  mutating func allows(_ error: BerayError, now: ContinuousClock.Instant = .now) -> Bool {
    guard error.isTransient || error.code == .timedOut else { return false }
    let since = lostAt ?? now
    lostAt = since
    return now - since < Self.limit
  }
}
