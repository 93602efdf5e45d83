internal import DequeModule
internal import Synchronization

/// Remembers the answers to recent requests with an `Idempotency-Key`, so that a retry does not repeat the work.
final class RecentAnswers: Sendable {
  struct Key: Hashable, Sendable {
    let account: Int64
    let task: Int64
    let text: String
  }

  enum Claim: Equatable {
    /// The request is new. The caller must do it and then call ``finish(_:answer:)``.
    case isNew
    case answered([UInt8])
    /// The key was used for a different request.
    case isOther
  }

  private enum State {
    case running(waiting: [CheckedContinuation<Void, Never>])
    case answered([UInt8])
  }

  private struct Entry {
    let fingerprint: Int
    var state: State
  }

  private struct Memory {
    var entries: [Key: Entry] = [:]
    /// The keys with an answer, the oldest first.
    var answered: Deque<Key> = []
  }

  private let limit: Int
  private let memory = Mutex(Memory())

  /// - Parameter limit: how many answers are remembered.
  init(limit: Int = 4096) { self.limit = limit }

  /// Returns what to do for a key. If the same request is in progress, waits for it first.
  /// - Parameter fingerprint: a hash of the request, to detect a key that is used for another one.
  func claim(_ key: Key, fingerprint: Int) async -> Claim {
    while true {
      let known = memory.withLock { memory -> Claim? in
        guard let entry = memory.entries[key] else {
          memory.entries[key] = Entry(fingerprint: fingerprint, state: .running(waiting: []))
          return .isNew
        }
        guard entry.fingerprint == fingerprint else { return .isOther }
        if case .answered(let answer) = entry.state { return .answered(answer) }
        return nil
      }
      if let known { return known }
      await whenFinished(key)
    }
  }

  /// Stores the answer for a key and wakes the requests that wait for it.
  /// - Parameter answer: nil if the request failed and may be tried again.
  func finish(_ key: Key, answer: [UInt8]?) {
    let waiting = memory.withLock { memory -> [CheckedContinuation<Void, Never>] in
      guard case .running(let waiting) = memory.entries[key]?.state else { return [] }
      guard let answer else {
        memory.entries[key] = nil
        return waiting
      }
      memory.entries[key]?.state = .answered(answer)
      memory.answered.append(key)
      if memory.answered.count > limit, let oldest = memory.answered.popFirst() { memory.entries[oldest] = nil }
      return waiting
    }
    waiting.forEach { $0.resume() }
  }

  private func whenFinished(_ key: Key) async {
    await withCheckedContinuation { continuation in
      let isRunning = memory.withLock { memory in
        guard case .running(let waiting) = memory.entries[key]?.state else { return false }
        memory.entries[key]?.state = .running(waiting: waiting + [continuation])
        return true
      }
      if !isRunning { continuation.resume() }
    }
  }
}
