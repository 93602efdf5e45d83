extension EventMerger {
  /// What had arrived when the task was requested. The answer certainly contains that much.
  package struct Mark: Sendable, Hashable {
    /// The number of the connection. An answer requested before it cannot close the gap in front of it.
    package var connection = 0
    /// How many stream items had arrived.
    package var received = 0

    package init() {}
  }
}
