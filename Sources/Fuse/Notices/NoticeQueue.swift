import Dispatch
import Synchronization

/// Notices on their way to the kernel, sent in order by a thread of their own.
///
/// The kernel may let the sender wait: for a directory's lock, which a mkdir in that directory holds until it is answered,
/// or for a page that a read fills. So nothing is ever sent by a thread that answers requests, and no lock is held.
final class NoticeQueue: Sendable {
  private struct State {
    var notices: [Notice] = []
    /// What `notices` holds: a notice that is still to be sent need not be sent twice.
    var queued: Set<Notice> = []
    /// Run once `notices` are sent.
    var afterwards: [@Sendable () -> Void] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let changed = DispatchSemaphore(value: 0)

  func add(_ notice: Notice) {
    let isNew = state.withLock { state in
      guard !state.isClosed, state.queued.insert(notice).inserted else { return false }
      state.notices.append(notice)
      return true
    }
    if isNew { changed.signal() }
  }

  /// Runs `body` once everything that was added before is sent, or dropped.
  func whenSent(_ body: @escaping @Sendable () -> Void) {
    let isClosed = state.withLock { state in
      if !state.isClosed { state.afterwards.append(body) }
      return state.isClosed
    }
    if isClosed { body() } else { changed.signal() }
  }

  /// Ends ``run(_:)``; what was not sent is dropped.
  func close() {
    let afterwards = state.withLock { state in
      defer {
        state = State()
        state.isClosed = true
      }
      return state.afterwards
    }
    for body in afterwards { body() }
    changed.signal()
  }

  /// Sends what comes, until ``close()``.
  func run(_ send: (Notice) -> Void) {
    while true {
      changed.wait()
      guard let (notices, afterwards) = takeAll() else { return }
      for notice in notices { send(notice) }
      for body in afterwards { body() }
    }
  }

  /// nil once closed.
  private func takeAll() -> ([Notice], [@Sendable () -> Void])? {
    state.withLock { state in
      if state.isClosed { return nil }
      defer { state = State() }
      return (state.notices, state.afterwards)
    }
  }
}
