internal import Synchronization

/// An answer that is asked for once and kept. Whoever asks meanwhile waits for the same; what is thrown is not kept.
///
/// The one who asks is a task of its own, so that the cancellation of a waiting caller ends that wait alone.
package final class SharedAnswer<Value: Sendable>: Sendable {
  /// An answer, and for how long it is kept.
  package struct Answer: Sendable {
    var value: Value
    /// Nil: for ever.
    var expiry: ContinuousClock.Instant?

    package init(_ value: Value, keptFor lifetime: Duration? = nil) {
      self.value = value
      expiry = lifetime.map { .now + $0 }
    }
  }

  private struct State {
    var answer: Answer?
    var isAsking = false
    var waiting: [Int: CheckedContinuation<Result<Value, BerayError>, Never>] = [:]
    var nextTicket = 0
    /// Counts how often the answer was forgotten: one that was asked for before is not kept.
    var generation = 0

    var known: Value? {
      guard let answer, answer.expiry.map({ .now < $0 }) ?? true else { return nil }
      return answer.value
    }
  }

  private let state = Mutex(State())

  package init() {}

  package func value(
    operation: String, asking ask: @escaping @Sendable () async throws(BerayError) -> Answer
  ) async throws(BerayError) -> Value {
    if let known = state.withLock({ $0.known }) { return known }
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    let cancelled = Result<Value, BerayError>.failure(BerayError(.cancelled, detail: "", operation: operation))
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (known, mustAsk, generation) = state.withLock { state -> (Value?, Bool, Int) in
          if let value = state.known { return (value, false, state.generation) }
          state.waiting[ticket] = continuation
          defer { state.isAsking = true }
          return (nil, !state.isAsking, state.generation)
        }
        if let known { continuation.resume(returning: .success(known)) }
        if mustAsk {
          Task {
            do throws(BerayError) {
              self.finish(.success(try await ask()), of: generation)
            } catch {
              self.finish(.failure(error), of: generation)
            }
          }
        }
        if Task.isCancelled { state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(returning: cancelled) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(returning: cancelled)
    }
    return try result.get()
  }

  /// Has the next one ask again.
  func forget() {
    state.withLock { state in
      state.answer = nil
      state.generation += 1
    }
  }

  private func finish(_ result: Result<Answer, BerayError>, of generation: Int) {
    let waiting = state.withLock { state in
      if case .success(let answer) = result, generation == state.generation { state.answer = answer }
      state.isAsking = false
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    let value = result.map(\.value)
    for continuation in waiting { continuation.resume(returning: value) }
  }
}
