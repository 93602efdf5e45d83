internal import Synchronization

/// An answer that is asked for once and kept. Whoever asks meanwhile waits for the same; a failure is not kept.
///
/// The one who asks is a task of its own, so that the cancellation of a waiting caller ends that wait alone.
final class SharedAnswer<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var isAsking = false
    var waiting: [Int: CheckedContinuation<Result<Value, BerayError>, Never>] = [:]
    var nextTicket = 0
  }

  private let state = Mutex(State())

  func value(
    operation: String, asking ask: @escaping @Sendable () async throws(BerayError) -> Value
  ) async throws(BerayError) -> Value {
    if let known = state.withLock({ $0.value }) { return known }
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    let cancelled = Result<Value, BerayError>.failure(BerayError(.cancelled, detail: "", operation: operation))
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (known, mustAsk) = state.withLock { state -> (Value?, Bool) in
          if let value = state.value { return (value, false) }
          state.waiting[ticket] = continuation
          defer { state.isAsking = true }
          return (nil, !state.isAsking)
        }
        if let known { continuation.resume(returning: .success(known)) }
        if mustAsk {
          Task {
            do throws(BerayError) { self.finish(.success(try await ask())) } catch { self.finish(.failure(error)) }
          }
        }
        if Task.isCancelled { state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(returning: cancelled) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(returning: cancelled)
    }
    return try result.get()
  }

  private func finish(_ result: Result<Value, BerayError>) {
    let waiting = state.withLock { state in
      if case .success(let value) = result { state.value = value }
      state.isAsking = false
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume(returning: result) }
  }
}
