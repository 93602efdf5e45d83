import VFS

/// When failed uploads are tried again. Each file has pauses of its own, which grow, so that one that has to wait holds
/// up no other.
struct RetrySchedule: Sendable {
  private struct Entry {
    /// How often it failed in a row.
    var failures: Int
    var due: Duration
  }

  /// The longest pause between two tries.
  static let longestPause = Duration.seconds(60)
  /// The longest pause while the server refuses the token: after a login nobody wants to wait.
  static let longestPauseForLogin = Duration.seconds(5)
  /// What is due within that time is tried together.
  static let together = Duration.milliseconds(500)

  private var entries: [InodeID: Entry] = [:]

  /// A try of `file` failed, or could not be made.
  /// - Parameters:
  ///   - asked: how many seconds the server asked to wait.
  ///   - isLogin: whether a new login is what would help.
  mutating func failed(_ file: InodeID, at now: Duration, asked: Int? = nil, isLogin: Bool = false) {
    let failures = (entries[file]?.failures ?? 0) + 1
    let longest = isLogin ? Self.longestPauseForLogin : Self.longestPause
    let pause = min(.seconds(1 << min(failures - 1, 6)), longest)
    let wanted = asked.map { Duration.seconds(min(max($0, 0), 60)) } ?? .zero
    entries[file] = Entry(failures: failures, due: now + max(pause, wanted))
  }

  /// Forgets all files but `files`.
  mutating func keep(_ files: Set<InodeID>) { entries = entries.filter { files.contains($0.key) } }

  /// When the first of `files` is due; one that has not failed is due at once. Nil if there are none.
  func next(of files: Set<InodeID>) -> Duration? {
    files.map { entries[$0]?.due ?? .zero }.min()
  }

  func isDue(_ file: InodeID, at now: Duration) -> Bool {
    (entries[file]?.due ?? .zero) <= now + Self.together
  }
}
