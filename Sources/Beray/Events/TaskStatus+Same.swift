package import BerayAPI

extension TaskStatus {
  /// Whether both say the same: the same word, or the same end in two words (`COMPLETED`, `done`).
  package func isSame(as other: TaskStatus) -> Bool {
    text == other.text || (isFinished && phase == other.phase)
  }
}
