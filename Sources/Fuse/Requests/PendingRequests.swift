import Dispatch
import Glibc
import Synchronization

/// The requests that wait in a task of their own, so that an interrupt finds the task to cancel.
///
/// An interrupt names a request by the number that ``reserve()`` gave, never by a pointer: it may come before the task
/// exists and after the request is answered.
final class PendingRequests: Sendable {
  typealias Number = UInt

  private enum Request {
    /// Its task is not there yet.
    case starting(interrupted: Bool)
    case running(Task<Void, Never>)
  }

  private struct State {
    var lastNumber: Number = 0
    var requests: [Number: Request] = [:]
    /// Signalled each time that the last request ends.
    var idleWaiters: [DispatchSemaphore] = []
  }

  private let state = Mutex(State())

  /// A number for a request that is about to start. Never 0.
  func reserve() -> Number {
    state.withLock { state in
      state.lastNumber += 1
      state.requests[state.lastNumber] = .starting(interrupted: false)
      return state.lastNumber
    }
  }

  /// Tells the task of request `number`; cancels it if an interrupt came first.
  func attach(_ task: Task<Void, Never>, to number: Number) {
    let cancels = state.withLock { state in
      switch state.requests[number] {
      case .starting(let interrupted):
        state.requests[number] = .running(task)
        return interrupted
      case .running, nil:
        return false
      }
    }
    if cancels { task.cancel() }
  }

  /// The caller of request `number` no longer wants to wait. Never answers the request: libfuse holds its lock here.
  func interrupt(_ number: Number) {
    let task: Task<Void, Never>? = state.withLock { state in
      switch state.requests[number] {
      case .starting:
        state.requests[number] = .starting(interrupted: true)
        return nil
      case .running(let task):
        return task
      case nil:
        return nil
      }
    }
    task?.cancel()
  }

  /// How often it is asked whether a thread that got another signal is to end.
  private static let glance = Duration.milliseconds(50)

  /// Interrupts request `number` once its caller got a signal that asks it to end.
  ///
  /// The kernel tells of any signal, and tells only once. That of a timer, of a child that ended or of a window that
  /// changed its size makes no call on a local file fail, and programs expect none to.
  func interrupt(_ number: Number, whenEnding caller: pid_t) {
    if PendingSignals.askToEnd(caller) { return interrupt(number) }
    Task {
      while state.withLock({ $0.requests[number] != nil }) {
        if PendingSignals.askToEnd(caller) { return interrupt(number) }
        try await Task.sleep(for: Self.glance)
      }
    }
  }

  /// Interrupts all that wait now.
  func interruptAll() {
    for number in state.withLock({ Array($0.requests.keys) }) { interrupt(number) }
  }

  /// Request `number` was answered.
  func finish(_ number: Number) {
    let waiters: [DispatchSemaphore] = state.withLock { state in
      state.requests[number] = nil
      guard state.requests.isEmpty else { return [] }
      defer { state.idleWaiters = [] }
      return state.idleWaiters
    }
    for waiter in waiters { waiter.signal() }
  }

  /// Blocks until nothing is pending, for `limit` at most. Not for a thread of the cooperative pool.
  /// - Returns: Whether nothing is pending.
  func waitUntilIdle(limit: DispatchTimeInterval) -> Bool {
    let idle = DispatchSemaphore(value: 0)
    let isIdle = state.withLock { state in
      if state.requests.isEmpty { return true }
      state.idleWaiters.append(idle)
      return false
    }
    return isIdle || idle.wait(timeout: .now() + limit) == .success
  }
}
