/// The status of a task: the server's word, and the phase that it means.
public struct TaskStatus: Hashable, Sendable {
  /// The server's word, unchanged.
  public let text: String
  public let phase: Phase

  public enum Phase: Hashable, Sendable {
    case pending
    case running
    case completed
    case failed
    case stopped
    /// A word that this client does not know. It counts as not finished.
    case unknown
  }

  /// Whether the task has ended and will not change its status again.
  public var isFinished: Bool {
    switch phase {
    case .completed, .failed, .stopped: true
    case .pending, .running, .unknown: false
    }
  }

  /// Interprets a server's word. Case, `-`, `_` and spaces do not matter.
  public init(_ text: String) {
    self.text = text
    // Compares bytes for speed: a list may have thousands of tasks, and every known word is ASCII.
    let letters = String(
      decoding: text.utf8.filter { $0 != 0x2D && $0 != 0x5F && $0 != 0x20 }.map {
        (65...90).contains($0) ? $0 | 32 : $0
      },
      as: UTF8.self)
    self.phase =
      switch letters {
      case "pending", "queued", "created", "waiting", "scheduled", "submitted": .pending
      case "running", "inprogress", "started", "active", "processing", "working", "executing": .running
      case "completed", "complete", "success", "succeeded", "done", "finished": .completed
      case "failed", "failure", "error", "errored": .failed
      case "stopped", "cancelled", "canceled", "aborted", "terminated", "killed", "expired", "rejected": .stopped
      default: .unknown
      }
  }
}
