import VFS

/// Decides which notices may be sent now, and which wait for the answer to a request.
///
/// The kernel holds a lock until a request is answered: that of the directory for a CREATE, those of pages for a READ.
/// A notice that needs such a lock would block its thread in the kernel, where not even SIGKILL reaches it. So a notice
/// waits for the requests that were open when it was added. Later requests do not delay it, so it is sent even if
/// programs never pause.
struct NoticeSchedule {
  typealias RequestNumber = UInt64

  private struct Scheduled {
    var notice: Notice
    /// The number of the notice, in order of arrival.
    var number: UInt64
    /// The last request before the notice.
    var barrier: RequestNumber
  }

  /// The numbers of the open requests, by the inode whose lock the kernel holds for them.
  private var open: [InodeID: [RequestNumber]] = [:]
  /// The open requests that lock an inode that they do not name.
  private var openAnywhere: [RequestNumber] = []
  private var lastRequest: RequestNumber = 0

  private var lastNotice: UInt64 = 0
  private var scheduled: [Scheduled] = []
  /// The notices in `scheduled`, so that none is queued twice.
  private var queued: Set<Notice> = []
  /// The last request for which the remaining notices wait, by inode. ``takeReady()`` sets it.
  private var held: [InodeID: RequestNumber] = [:]
  /// A closure to run once the notices up to a number are sent. If `inode` is set, only notices that need its lock
  /// count.
  private struct Afterwards {
    var number: UInt64
    var inode: InodeID?
    var body: @Sendable () -> Void
  }

  private var afterwards: [Afterwards] = []

  /// Records a request that holds the lock of `inode`. Nil means an unknown inode.
  mutating func begin(_ inode: InodeID?) -> RequestNumber {
    lastRequest += 1
    if let inode { open[inode, default: []].append(lastRequest) } else { openAnywhere.append(lastRequest) }
    return lastRequest
  }

  /// Records that request `number` is answered.
  /// - Returns: Whether a notice may have waited for it.
  mutating func end(_ number: RequestNumber, _ inode: InodeID?) -> Bool {
    guard let inode else {
      openAnywhere.removeAll { $0 == number }
      return held.values.contains { number <= $0 }
    }
    open[inode]?.removeAll { $0 == number }
    if open[inode]?.isEmpty == true { open[inode] = nil }
    return held[inode].map { number <= $0 } ?? false
  }

  /// - Returns: Whether the notice is new, rather than queued already.
  @discardableResult
  mutating func add(_ notice: Notice) -> Bool {
    guard queued.insert(notice).inserted else { return false }
    lastNotice += 1
    scheduled.append(Scheduled(notice: notice, number: lastNotice, barrier: lastRequest))
    return true
  }

  /// Runs `body` once all notices added before are sent. If `inode` is given, only notices that need its lock count.
  mutating func whenSent(about inode: InodeID? = nil, _ body: @escaping @Sendable () -> Void) {
    afterwards.append(Afterwards(number: lastNotice, inode: inode, body: body))
  }

  /// Removes and returns the notices that may be sent now, in order.
  mutating func takeReady() -> [Notice] {
    var ready: [Notice] = []
    var left: [Scheduled] = []
    held = [:]
    for item in scheduled {
      if let inode = item.notice.lockedInode, !isFree(item, inode) {
        held[inode] = item.barrier
        left.append(item)
      } else {
        queued.remove(item.notice)
        ready.append(item.notice)
      }
    }
    scheduled = left
    return ready
  }

  /// Drops all unsent notices.
  mutating func dropAll() {
    scheduled = []
    queued = []
    held = [:]
  }

  /// Removes and returns the closures to run now that all taken notices are sent.
  mutating func takeAfterwards() -> [@Sendable () -> Void] {
    guard !afterwards.isEmpty else { return [] }
    var waiting: [Afterwards] = []
    var bodies: [@Sendable () -> Void] = []
    for item in afterwards {
      let isHeld = scheduled.contains { left in
        left.number <= item.number && (item.inode == nil || left.notice.lockedInode == item.inode)
      }
      if isHeld { waiting.append(item) } else { bodies.append(item.body) }
    }
    afterwards = waiting
    return bodies
  }

  private func isFree(_ item: Scheduled, _ inode: InodeID) -> Bool {
    func isOver(_ requests: [RequestNumber]?) -> Bool { (requests?.first ?? .max) > item.barrier }
    return isOver(open[inode]) && isOver(openAnywhere)
  }
}
