import BerayAPI

extension BerayTask {
  /// When the task ended; nil if it has not, or the server does not say.
  var endedAt: UTCTime? { status.isFinished ? updatedAt : nil }

  /// Seconds from its creation to its end, or to now while it runs.
  func duration(now: UTCTime) -> Int64? {
    guard let createdAt, let end = status.isFinished ? updatedAt : now else { return nil }
    return max(0, end.seconds - createdAt.seconds)
  }
}
