import Dispatch
import Glibc
import Synchronization

/// The requests that wait in tasks, so that an interrupt can find the task to cancel.
///
/// An interrupt identifies a request by the number from ``reserve()``, never by a pointer. It may arrive before the
/// task exists or after the request is answered.
final class PendingRequests: Sendable {
  typealias Number = UInt

  private enum Request {
    /// The task is not attached yet.
    case starting(interrupted: Bool)
    case running(Task<Void, Never>)
  }

  private struct State {
    var lastNumber: Number = 0
    var requests: [Number: Request] = [:]
    /// Signalled when the last request ends.
    var idleWaiters: [DispatchSemaphore] = []
  }

  private let state = Mutex(State())

  /// Returns a number for a request that is about to start. It is never 0.
  func reserve() -> Number {
    state.withLock { state in
      state.lastNumber += 1
      state.requests[state.lastNumber] = .starting(interrupted: false)
      return state.lastNumber
    }
  }

  /// Attaches the task of request `number`, and cancels it if an interrupt came first.
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

  /// Cancels the task of request `number`, because its caller no longer waits. It must not answer the request, because
  /// libfuse holds the request's lock here.
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

  /// How often a thread that got a harmless signal is checked for a fatal one.
  private static let glance = Duration.milliseconds(50)

  /// Interrupts request `number` once its caller has a signal that asks it to end.
  ///
  /// The kernel reports the first signal of any kind, and only that one. But timers, ended children and resized windows
  /// never make calls on local files fail, and programs do not expect it. So the caller is checked again until the
  /// request is answered.
  func interrupt(_ number: Number, whenEnding caller: pid_t) {
    if PendingSignals.askToEnd(caller) { return interrupt(number) }
    Task {
      while state.withLock({ $0.requests[number] != nil }) {
        if PendingSignals.askToEnd(caller) { return interrupt(number) }
        try await Task.sleep(for: Self.glance)
      }
    }
  }

  /// Interrupts all requests that wait now.
  func interruptAll() {
    for number in state.withLock({ Array($0.requests.keys) }) { interrupt(number) }
  }

  /// Records that request `number` is answered.
  func finish(_ number: Number) {
    let waiters: [DispatchSemaphore] = state.withLock { state in
      state.requests[number] = nil
      guard state.requests.isEmpty else { return [] }
      defer { state.idleWaiters = [] }
      return state.idleWaiters
    }
    for waiter in waiters { waiter.signal() }
  }

  /// Blocks until nothing is pending, but at most for `limit`. Do not call it on a thread of the cooperative pool.
  /// - Returns: Whether nothing is pending any more.
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
