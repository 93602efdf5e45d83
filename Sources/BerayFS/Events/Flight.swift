import BerayClient
import Synchronization

/// One request whose answer many wait for. Whoever stops waiting leaves the others and the request alone.
final class Flight: Sendable {
  private struct State {
    var result: Result<Void, BerayError>?
    var waiters = Waiters()
  }

  private let state = Mutex(State())

  func finish(_ result: Result<Void, BerayError>) {
    let waiting = state.withLock { state in
      state.result = state.result ?? result
      return state.waiters.takeAll()
    }
    for continuation in waiting { continuation.resume() }
  }

  func value() async throws(BerayError) {
    let id = state.withLock { $0.waiters.makeID() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          // A cancellation that is not seen here comes to the handler after this lock.
          if state.result != nil || Task.isCancelled { return true }
          state.waiters.add(continuation, id: id)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.remove(id) }?.resume()
    }
    guard let result = state.withLock({ $0.result }) else {
      throw BerayError(.cancelled, detail: "interrupted", operation: "wait")
    }
    try result.get()
  }
}
