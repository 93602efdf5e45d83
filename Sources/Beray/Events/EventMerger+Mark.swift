extension EventMerger {
  /// What had come when the task was asked for, so that its answer can be judged.
  package struct Mark: Sendable, Hashable {
    /// The number of the connection; what was asked for earlier cannot close the gap before this connection.
    package var connection = 0
    /// The items of the streams until then.
    package var received = 0

    package init() {}
  }
}
