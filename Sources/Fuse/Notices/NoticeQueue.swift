import Dispatch
import Synchronization
import VFS

/// A queue of notices for the kernel. Its thread sends each notice once no open request blocks it.
///
/// To prevent deadlocks, threads that answer requests never send a notice, and no lock is held while sending.
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

  /// Records a request during which the kernel holds the lock of `inode`. Nil means an inode that the request does not
  /// name.
  func begin(_ inode: InodeID?) -> NoticeSchedule.RequestNumber {
    state.withLock { $0.schedule.begin(inode) }
  }

  /// Records that the request with the number from ``begin(_:)`` is answered.
  func end(_ number: NoticeSchedule.RequestNumber, _ inode: InodeID?) {
    let mayFree = state.withLock { $0.schedule.end(number, inode) }
    if mayFree { changed.signal() }
  }

  /// Runs `body` once all notices added before are sent or dropped. If `inode` is given, only notices that need its
  /// lock count.
  func whenSent(about inode: InodeID? = nil, _ body: @escaping @Sendable () -> Void) {
    let isClosed = state.withLock { state in
      if !state.isClosed { state.schedule.whenSent(about: inode, body) }
      return state.isClosed
    }
    if isClosed { body() } else { changed.signal() }
  }

  /// Ends ``run(_:)`` and drops unsent notices.
  func close() {
    let afterwards = state.withLock { state in
      state.isClosed = true
      state.schedule.dropAll()
      return state.schedule.takeAfterwards()
    }
    for body in afterwards { body() }
    changed.signal()
  }

  /// Sends notices until ``close()``.
  func run(_ send: (Notice) -> Void) {
    while true {
      changed.wait()
      guard let notices = state.withLock({ $0.isClosed ? nil : $0.schedule.takeReady() }) else { return }
      for notice in notices { send(notice) }
      for body in state.withLock({ $0.schedule.takeAfterwards() }) { body() }
    }
  }
}
