import LinuxSystem
import Synchronization

/// Bounds the memory of the event logs of a mount: when there is too much, the logs that nobody used for the longest time
/// are dropped. Those that are open, and those that hold what the server would not tell again, stay.
final class LogBudget: Sendable {
  private struct Use {
    weak var feed: TaskFeed?
    var weight: Int64
    var at: UInt64
  }

  private struct State {
    var uses: [ObjectIdentifier: Use] = [:]
    var total: Int64 = 0
    var clock: UInt64 = 0
    var isTrimDue = false

    mutating func remove(_ key: ObjectIdentifier) {
      if let use = uses.removeValue(forKey: key) { total -= use.weight }
    }
  }

  private let limit: Int64
  private let state = Mutex(State())

  /// - Parameter limit: in bytes.
  init(limit: Int64 = 64 << 20) { self.limit = limit }

  /// The log of `feed` was fetched or opened.
  /// - Returns: whether the logs are still too many, so that ``trim()`` is to be called soon; told once until then.
  @discardableResult
  func used(_ feed: TaskFeed, weight: Int64) -> Bool {
    let newest = state.withLock { state in
      state.remove(ObjectIdentifier(feed))
      state.clock += 1
      state.uses[ObjectIdentifier(feed)] = Use(feed: feed, weight: weight, at: state.clock)
      state.total += weight
      return state.clock
    }
    drop(before: newest)
    return state.withLock { state in
      guard state.total > limit, !state.isTrimDue else { return false }
      state.isTrimDue = true
      return true
    }
  }

  /// Drops what could not be dropped before.
  func trim() {
    state.withLock { $0.isTrimDue = false }
    drop(before: .max)
  }

  private func drop(before newest: UInt64) {
    var (excess, uses) = state.withLock { state -> (Int64, [(key: ObjectIdentifier, value: Use)]) in
      guard state.total > limit else { return (0, []) }
      // Frees a quarter more than needed, so that not every new log looks through all of them.
      let old = state.uses.filter { $0.value.at < newest && $0.value.weight > 0 }
      return (state.total - limit / 4 * 3, old.sorted { $0.value.at < $1.value.at })
    }
    for (key, use) in uses where excess > 0 {
      guard use.feed.map({ $0.dropLog() }) ?? true else { continue }
      excess -= use.weight
      FreedMemory.giveBackSoon()
      state.withLock { $0.remove(key) }
    }
  }
}
