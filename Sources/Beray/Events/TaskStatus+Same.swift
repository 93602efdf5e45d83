package import BerayAPI

extension TaskStatus {
  /// Whether both mean the same: equal words, or two words for the same end (`COMPLETED`, `done`).
  package func isSame(as other: TaskStatus) -> Bool {
    text == other.text || (isFinished && phase == other.phase)
  }
}
