import Synchronization

/// Bounds the memory of the event logs of a mount: when there is too much, the logs that nobody used for the longest time are
/// dropped, if they can be fetched again.
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

    mutating func remove(_ key: ObjectIdentifier) {
      if let use = uses.removeValue(forKey: key) { total -= use.weight }
    }
  }

  private let limit: Int64
  private let state = Mutex(State())

  /// - Parameter limit: in bytes.
  init(limit: Int64 = 64 << 20) { self.limit = limit }

  /// The log of `feed` was fetched or opened.
  func used(_ feed: TaskFeed, weight: Int64) {
    let old = state.withLock { state -> [(ObjectIdentifier, TaskFeed?)] in
      state.remove(ObjectIdentifier(feed))
      state.clock += 1
      state.uses[ObjectIdentifier(feed)] = Use(feed: feed, weight: weight, at: state.clock)
      state.total += weight
      guard state.total > limit else { return [] }
      // A quarter more than is needed, so that not every log that comes has to look through all.
      var excess = state.total - limit / 4 * 3
      var old: [(ObjectIdentifier, TaskFeed?)] = []
      for (key, use) in state.uses.sorted(by: { $0.value.at < $1.value.at }) {
        guard excess > 0, use.at < state.clock else { break }
        old.append((key, use.feed))
        excess -= use.weight
      }
      return old
    }
    for (key, feed) in old where feed.map({ $0.dropLog() }) ?? true {
      state.withLock { $0.remove(key) }
    }
  }
}
