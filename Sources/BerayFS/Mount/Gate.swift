import Synchronization

/// Waits for `task` and its error; cancelling the wait leaves the task running for the others.
func waitCancellably<Value: Sendable>(for task: Task<Value, any Error>) async throws -> Value {
  let gate = Gate<Value>()
  Task {
    do { gate.open(.success(try await task.value)) } catch { gate.open(.failure(error)) }
  }
  return try await withTaskCancellationHandler {
    try await gate.value()
  } onCancel: {
    gate.open(.failure(CancellationError()))
  }
}

/// A result that one side waits for and several may try to set; the first counts.
final class Gate<Value: Sendable>: Sendable {
  private enum State {
    case closed
    case waiting(CheckedContinuation<Value, any Error>)
    case open(Result<Value, any Error>)
  }

  private let state = Mutex(State.closed)

  func open(_ result: Result<Value, any Error>) {
    let waiter: CheckedContinuation<Value, any Error>? = state.withLock { state in
      switch state {
      case .open: return nil
      case .closed:
        state = .open(result)
        return nil
      case .waiting(let continuation):
        state = .open(result)
        return continuation
      }
    }
    waiter?.resume(with: result)
  }

  /// Waits for the result. One waiter at a time.
  func value() async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let result: Result<Value, any Error>? = state.withLock { state in
        if case .open(let result) = state { return result }
        state = .waiting(continuation)
        return nil
      }
      if let result { continuation.resume(with: result) }
    }
  }
}
