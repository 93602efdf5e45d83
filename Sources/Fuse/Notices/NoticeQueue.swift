import Dispatch
import Synchronization
import VFS

/// Notices on their way to the kernel, sent by a thread of their own, each when the request that is in its way is answered.
///
/// Nothing is ever sent by a thread that answers requests, and no lock is held.
final class NoticeQueue: Sendable {
  private struct State {
    var schedule = NoticeSchedule()
    var isClosed = false
  }

  private let state = Mutex(State())
  private let changed = DispatchSemaphore(value: 0)

  func add(_ notice: Notice) {
    let isNew = state.withLock { state in !state.isClosed && state.schedule.add(notice) }
    if isNew { changed.signal() }
  }

  /// A request came during which the kernel holds the lock of `inode`; nil: of one that the request does not name.
  func begin(_ inode: InodeID?) -> NoticeSchedule.RequestNumber {
    state.withLock { $0.schedule.begin(inode) }
  }

  /// The request is answered that ``begin(_:)`` gave `number` for.
  func end(_ number: NoticeSchedule.RequestNumber, _ inode: InodeID?) {
    let mayFree = state.withLock { $0.schedule.end(number, inode) }
    if mayFree { changed.signal() }
  }

  /// Runs `body` once everything that was added before is sent, or dropped: what is about `inode` alone if one is named.
  func whenSent(about inode: InodeID? = nil, _ body: @escaping @Sendable () -> Void) {
    let isClosed = state.withLock { state in
      if !state.isClosed { state.schedule.whenSent(about: inode, body) }
      return state.isClosed
    }
    if isClosed { body() } else { changed.signal() }
  }

  /// Ends ``run(_:)``; what was not sent is dropped.
  func close() {
    let afterwards = state.withLock { state in
      state.isClosed = true
      state.schedule.dropAll()
      return state.schedule.takeAfterwards()
    }
    for body in afterwards { body() }
    changed.signal()
  }

  /// Sends what comes, until ``close()``.
  func run(_ send: (Notice) -> Void) {
    while true {
      changed.wait()
      guard let notices = state.withLock({ $0.isClosed ? nil : $0.schedule.takeReady() }) else { return }
      for notice in notices { send(notice) }
      for body in state.withLock({ $0.schedule.takeAfterwards() }) { body() }
    }
  }
}
