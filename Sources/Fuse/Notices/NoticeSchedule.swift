import VFS

/// Which notices may be sent now, and which wait for the answer to a request.
///
/// A request makes the kernel hold a lock until it is answered: a CREATE that of its directory, a READ those of pages. A
/// notice that needs such a lock would hold up its thread in the kernel, out of reach even for SIGKILL. So it waits for the
/// requests that were open when it was given. Later ones do not delay it: where programs never pause it still goes out.
struct NoticeSchedule {
  typealias RequestNumber = UInt64

  private struct Scheduled {
    var notice: Notice
    /// Its place among all that was given.
    var number: UInt64
    /// The last request that had come before it.
    var barrier: RequestNumber
  }

  /// The numbers of the open requests, by the inode whose lock they make the kernel hold.
  private var open: [InodeID: [RequestNumber]] = [:]
  /// Those that hold the lock of a directory that they do not name.
  private var openAnywhere: [RequestNumber] = []
  private var lastRequest: RequestNumber = 0

  private var lastNotice: UInt64 = 0
  private var scheduled: [Scheduled] = []
  /// What `scheduled` holds: a notice that is still to be sent need not be sent twice.
  private var queued: Set<Notice> = []
  /// Of what was left by ``takeReady()``: the last request that it waits for, by inode.
  private var held: [InodeID: RequestNumber] = [:]
  /// What runs once the notices up to a number are sent: those about `inode`; nil: all.
  private struct Afterwards {
    var number: UInt64
    var inode: InodeID?
    var body: @Sendable () -> Void
  }

  private var afterwards: [Afterwards] = []

  /// A request came that holds the lock of `inode`; nil: of one that is not known.
  mutating func begin(_ inode: InodeID?) -> RequestNumber {
    lastRequest += 1
    if let inode { open[inode, default: []].append(lastRequest) } else { openAnywhere.append(lastRequest) }
    return lastRequest
  }

  /// Request `number` is answered.
  /// - Returns: Whether a notice waited, perhaps for this.
  mutating func end(_ number: RequestNumber, _ inode: InodeID?) -> Bool {
    guard let inode else {
      openAnywhere.removeAll { $0 == number }
      return held.values.contains { number <= $0 }
    }
    open[inode]?.removeAll { $0 == number }
    if open[inode]?.isEmpty == true { open[inode] = nil }
    return held[inode].map { number <= $0 } ?? false
  }

  /// - Returns: Whether it is to be sent, and was not waiting already.
  @discardableResult
  mutating func add(_ notice: Notice) -> Bool {
    guard queued.insert(notice).inserted else { return false }
    lastNotice += 1
    scheduled.append(Scheduled(notice: notice, number: lastNotice, barrier: lastRequest))
    return true
  }

  /// `body` is run once all that was added before is sent, about `inode` alone if one is named.
  mutating func whenSent(about inode: InodeID? = nil, _ body: @escaping @Sendable () -> Void) {
    afterwards.append(Afterwards(number: lastNotice, inode: inode, body: body))
  }

  /// Takes what may be sent now, in order.
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

  /// Drops what was not sent.
  mutating func dropAll() {
    scheduled = []
    queued = []
    held = [:]
  }

  /// Takes what is to run now that everything taken before was sent.
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

extension Notice {
  /// The inode whose lock, or whose pages' locks, the kernel takes to do what the notice says.
  var lockedInode: InodeID? {
    switch self {
    case .pages(let inode): inode
    case .name(_, let directory): directory
    case .attributes, .wake: nil
    }
  }
}
