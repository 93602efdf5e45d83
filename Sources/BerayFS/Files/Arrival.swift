import Synchronization
import SystemPackage

/// The result of something that runs once for all who want it.
///
/// Cancelling a wait ends that wait alone, with `EINTR`; what is waited for goes on for the others.
final class Arrival<Value: Sendable>: Sendable {
  private typealias Waiter = CheckedContinuation<Result<Value, Errno>, Never>

  private struct State {
    var waiters: [UInt64: Waiter] = [:]
    /// Waits that were cancelled before they began.
    var cancelled: Set<UInt64> = []
    var nextWaiter: UInt64 = 0
    var result: Result<Value, Errno>?
  }

  private let state = Mutex(State())

  init() {}

  /// Wakes all who wait. The first result counts.
  func finish(_ result: Result<Value, Errno>) {
    let waiters = state.withLock { state -> [Waiter] in
      guard state.result == nil else { return [] }
      state.result = result
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume(returning: result) }
  }

  var isFinished: Bool { state.withLock { $0.result != nil } }

  /// Waits for the result.
  func value() async throws(Errno) -> Value {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: Waiter) in
        let known = state.withLock { state -> Result<Value, Errno>? in
          if let result = state.result { return result }
          if state.cancelled.remove(number) != nil { return .failure(.interrupted) }
          state.waiters[number] = waiter
          return nil
        }
        if let known { waiter.resume(returning: known) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        if let waiter = state.waiters.removeValue(forKey: number) { return waiter }
        if state.result == nil { state.cancelled.insert(number) }
        return nil
      }
      waiter?.resume(returning: .failure(.interrupted))
    }
    return try result.get()
  }

  /// Waits for the end, good or bad, of what tells its result to others.
  func end() async throws(Errno) {
    do throws(Errno) {
      _ = try await value()
    } catch  where error == .interrupted && Task.isCancelled {
      throw error
    } catch {
      // Whoever asked for it was told.
    }
  }
}
