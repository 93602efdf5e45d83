import Synchronization

/// Observers that are told of each new task, until they want no more.
final class RegistryObservers: Sendable {
  struct Observer: Sendable {
    var taskCame: @Sendable (TaskDirectory) -> Void
    /// The mount ends.
    var ended: @Sendable () -> Void
  }

  struct Token: Sendable { fileprivate let number: UInt64 }

  private let state = Mutex((observers: [UInt64: Observer](), next: UInt64(0)))

  func add(_ observer: Observer) -> Token {
    state.withLock { state in
      state.next += 1
      state.observers[state.next] = observer
      return Token(number: state.next)
    }
  }

  func remove(_ token: Token) { state.withLock { _ = $0.observers.removeValue(forKey: token.number) } }

  func taskCame(_ task: TaskDirectory) {
    for observer in state.withLock({ Array($0.observers.values) }) { observer.taskCame(task) }
  }

  func ended() {
    for observer in state.withLock({ Array($0.observers.values) }) { observer.ended() }
  }
}
