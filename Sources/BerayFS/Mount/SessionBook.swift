import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// The outcome of the last goal of each session of processes (a terminal, a cron job, an ssh command). A script reads
/// in `new` what close(2) could not tell it, and finds no older task at `last`.
final class SessionBook: Sendable {
  enum Result: Sendable {
    case made(TaskID)
    /// - Parameter newest: the newest task that was known then.
    case refused(errno: Errno, why: String, newest: TaskID?)
  }

  /// Who wrote a goal.
  struct Session: Hashable, Sendable {
    fileprivate var number: Int32?
    /// Those whose session is not told share one for each user.
    fileprivate var user: UInt32
  }

  /// How many sessions are remembered.
  private static let capacity = 256

  private struct State {
    var results: [Session: (result: Result, at: UInt64)] = [:]
    var clock: UInt64 = 0
  }

  private let processes: ProcessTable
  private let state = Mutex(State())

  init(processes: ProcessTable) { self.processes = processes }

  func session(of caller: Caller) -> Session {
    Session(number: processes.session(caller.process), user: caller.user)
  }

  func note(_ result: Result, for session: Session) {
    state.withLock { state in
      state.clock += 1
      state.results[session] = (result, state.clock)
      guard state.results.count > Self.capacity else { return }
      if let oldest = state.results.min(by: { $0.value.at < $1.value.at }) { state.results[oldest.key] = nil }
    }
  }

  func result(for session: Session) -> Result? { state.withLock { $0.results[session]?.result } }

  /// What `new` reads as for a session that wrote a goal: the id of the task, or why there is none. Nil for all others.
  func text(for session: Session) -> String? {
    switch result(for: session) {
    case nil: nil
    case .made(let id)?: "\(id)\n"
    case .refused(let errno, let why, _)?: "error: \(errno.symbol): \(ShownText.escaped(why))\n"
    }
  }

  /// Whether the session's last goal was refused, and no newer task has come since.
  /// - Parameter newest: the newest task there is.
  func isRefused(for session: Session, newest: TaskID?) -> Bool {
    guard case .refused(_, _, let known)? = result(for: session) else { return false }
    return newest == known || newest.map { newest in known.map { newest <= $0 } ?? false } ?? true
  }
}
