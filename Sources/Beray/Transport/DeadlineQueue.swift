internal import HeapModule
internal import Synchronization

/// Sleeps that are mostly cancelled early, such as the deadlines of calls.
///
/// A cancelled `Task.sleep` leaves its timer armed until it would have been due, and arming a timer wakes a thread. A
/// thousand calls a second with deadlines of half a minute would keep thirty thousand timers. Here all sleeps share
/// one.
package final class DeadlineQueue: Sendable {
  package static let shared = DeadlineQueue()

  fileprivate typealias Sleeper = CheckedContinuation<Bool, Never>

  fileprivate struct Entry: Comparable {
    var instant: ContinuousClock.Instant
    var number: UInt64

    static func < (one: Entry, other: Entry) -> Bool { one.instant < other.instant }
  }

  fileprivate struct State {
    /// The sleepers by number. A cancelled one is removed here and stays in ``entries`` until it is swept.
    var sleepers: [UInt64: Sleeper] = [:]
    /// Sleeps that were cancelled before they began.
    var cancelled: Set<UInt64> = []
    /// The sleeps, by instant.
    var entries = Heap<Entry>()
    var lastNumber: UInt64 = 0
    /// The instant of the timer, not later than the first of ``entries``. Nil if there is none.
    var armed: ContinuousClock.Instant?
  }

  private let state = Mutex(State())

  package init() {}

  /// How many sleeps are stored, including cancelled ones that are not swept yet.
  var count: Int { state.withLock { $0.entries.count + $0.cancelled.count } }

  /// Sleeps until `instant`.
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  package func sleep(until instant: ContinuousClock.Instant) async throws {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    let isDue = await withTaskCancellationHandler {
      await withCheckedContinuation { (sleeper: Sleeper) in
        let (isCancelled, timer) = state.withLock { state -> (Bool, ContinuousClock.Instant?) in
          if state.cancelled.remove(number) != nil { return (true, nil) }
          state.sleepers[number] = sleeper
          return (false, state.insert(Entry(instant: instant, number: number)))
        }
        if isCancelled { sleeper.resume(returning: false) }
        arm(timer)
      }
    } onCancel: {
      let sleeper = state.withLock { state -> Sleeper? in
        if let sleeper = state.sleepers.removeValue(forKey: number) { return sleeper }
        state.cancelled.insert(number)
        return nil
      }
      sleeper?.resume(returning: false)
    }
    // A cancellation after the wake-up has left its number in `cancelled`.
    if isDue { state.withLock { _ = $0.cancelled.remove(number) } }
    guard isDue else { throw CancellationError() }
  }

  private func arm(_ instant: ContinuousClock.Instant?) {
    guard let instant else { return }
    Task {
      try? await Task.sleep(until: instant, clock: .continuous)
      let (due, next) = state.withLock { $0.takeDue(at: .now, timer: instant) }
      for sleeper in due { sleeper.resume(returning: true) }
      arm(next)
    }
  }
}

extension DeadlineQueue.State {
  /// - Returns: the instant for a new timer, if one is needed.
  fileprivate mutating func insert(_ entry: DeadlineQueue.Entry) -> ContinuousClock.Instant? {
    entries.insert(entry)
    if entries.count > 2 * sleepers.count + 64 {
      entries = Heap(entries.unordered.filter { sleepers[$0.number] != nil })
    }
    guard armed.map({ entry.instant < $0 }) ?? true else { return nil }
    armed = entry.instant
    return entry.instant
  }

  /// Removes the sleepers that are due.
  /// - Returns: the sleepers, and the instant for a new timer, if one is needed.
  fileprivate mutating func takeDue(
    at now: ContinuousClock.Instant, timer: ContinuousClock.Instant
  ) -> ([DeadlineQueue.Sleeper], ContinuousClock.Instant?) {
    var due: [DeadlineQueue.Sleeper] = []
    while let first = entries.min, first.instant <= now || sleepers[first.number] == nil {
      entries.removeMin()
      if let sleeper = sleepers.removeValue(forKey: first.number) { due.append(sleeper) }
    }
    guard armed == timer else { return (due, nil) }
    armed = entries.min?.instant
    return (due, armed)
  }
}
