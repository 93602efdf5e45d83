import Synchronization
import VFS

@testable import BerayFS

/// Clocks that stand still until a test moves them.
final class ManualTime: Sendable {
  private struct Sleeper {
    var until: Duration
    /// Whether ``sleepers(_:)`` counts it.
    var isCounted: Bool
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var uptime: Duration = .seconds(1000)
    var sleepers: [Int: Sleeper] = [:]
    var next = 0
    /// Those who wait until this many sleep.
    var observers: [(count: Int, isCounted: Bool, continuation: CheckedContinuation<Void, Never>)] = []

    mutating func takeSatisfied() -> [CheckedContinuation<Void, Never>] {
      let sleepers = sleepers.values
      func isSatisfied(_ count: Int, _ isCounted: Bool) -> Bool {
        count <= sleepers.count { $0.isCounted == isCounted }
      }
      let satisfied = observers.filter { isSatisfied($0.count, $0.isCounted) }
      observers.removeAll { isSatisfied($0.count, $0.isCounted) }
      return satisfied.map(\.continuation)
    }
  }

  private let state = Mutex(State())
  /// The time of day at an uptime of 1000 s.
  let start = Timestamp(seconds: 1_800_000_000)

  var source: TimeSource {
    var source = TimeSource(
      uptime: { [self] in state.withLock { $0.uptime } },
      now: { [self] in
        let passed = state.withLock { $0.uptime } - .seconds(1000)
        return Timestamp(seconds: start.seconds + passed.components.seconds)
      },
      sleep: { [self] in try await sleep($0) })
    source.expire = { [self] in try await sleep($0, isCounted: false) }
    return source
  }

  /// Moves the clocks on and wakes who has slept enough.
  func advance(by duration: Duration) {
    let woken = state.withLock { state in
      state.uptime += duration
      let due = state.sleepers.filter { $0.value.until <= state.uptime }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.sorted { $0.until < $1.until }.map(\.continuation)
    }
    for continuation in woken { continuation.resume() }
  }

  /// Waits until at least `count` sleep.
  func sleepers(_ count: Int) async { await observe(count, isCounted: true) }

  /// Waits until at least `count` things under way have a deadline.
  func deadlines(_ count: Int) async { await observe(count, isCounted: false) }

  private func observe(_ count: Int, isCounted: Bool) async {
    await withCheckedContinuation { continuation in
      let satisfied = state.withLock { state in
        state.observers.append((count, isCounted, continuation))
        return state.takeSatisfied()
      }
      for continuation in satisfied { continuation.resume() }
    }
  }

  private func sleep(_ duration: Duration, isCounted: Bool = true) async throws {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let (isCancelled, satisfied) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
          if Task.isCancelled { return (true, []) }
          state.sleepers[id] = Sleeper(
            until: state.uptime + duration, isCounted: isCounted, continuation: continuation)
          return (false, state.takeSatisfied())
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
        for continuation in satisfied { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
    }
  }
}
