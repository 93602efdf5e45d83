internal import Synchronization

/// A task that can be ended before it has begun.
package final class SharedJob: Sendable {
  private enum State {
    case waiting
    case running(Task<Void, Never>)
    case ended
  }

  private let state = Mutex(State.waiting)

  package init() {}

  package func run(_ body: @escaping @Sendable () async -> Void) {
    let task = Task { await body() }
    let hasEnded = state.withLock { state in
      if case .ended = state { return true }
      state = .running(task)
      return false
    }
    if hasEnded { task.cancel() }
  }

  /// Cancels the task. It does not wait for the task to end.
  package func end() {
    let task = state.withLock { state -> Task<Void, Never>? in
      defer { state = .ended }
      if case .running(let task) = state { return task }
      return nil
    }
    task?.cancel()
  }
}
