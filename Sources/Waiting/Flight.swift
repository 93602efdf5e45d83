internal import Synchronization
package import SystemPackage

/// The shared result of an operation that runs once for all callers.
///
/// Cancelling a caller ends only that caller's wait. The operation continues for the others. With `abandoned`, it can
/// be ended when the last caller is gone.
package final class Flight<Value: Sendable, Failure: Error>: Sendable {
  private typealias Waiter = CheckedContinuation<Result<Value, Failure>, Never>

  private struct State {
    var waiters: [UInt64: Waiter] = [:]
    /// The numbers of waits that were cancelled before they began.
    var cancelled: Set<UInt64> = []
    var nextWaiter: UInt64 = 0
    var result: Result<Value, Failure>?
  }

  private let state = Mutex(State())
  private let cancellation: Failure
  /// Called when the last caller has gone before the result.
  private let abandoned: (@Sendable () -> Void)?

  /// - Parameters:
  ///   - cancellation: the error that a cancelled wait throws.
  ///   - abandoned: called when the last caller has gone before the result, possibly more than once. Nil lets the
  ///     operation continue.
  package init(cancellation: Failure, abandoned: (@Sendable () -> Void)? = nil) {
    self.cancellation = cancellation
    self.abandoned = abandoned
  }

  /// Sets the result and wakes all callers. Only the first result counts.
  package func finish(_ result: Result<Value, Failure>) {
    let waiters = state.withLock { state -> [Waiter] in
      guard state.result == nil else { return [] }
      state.result = result
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume(returning: result) }
  }

  /// Finishes with what `operation` returns or throws.
  /// - Parameter landed: called between the end of `operation` and the wake-up of the callers. Remove the flight here
  ///   from where others find it, so that a woken caller who asks again begins anew.
  package func finish(
    by operation: () async throws(Failure) -> Value, landed: () -> Void = {}
  ) async {
    let result: Result<Value, Failure>
    do throws(Failure) { result = .success(try await operation()) } catch { result = .failure(error) }
    landed()
    finish(result)
  }

  package var isFinished: Bool { state.withLock { $0.result != nil } }

  /// Waits for the result.
  package func value() async throws(Failure) -> Value {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: Waiter) in
        let known = state.withLock { state -> Result<Value, Failure>? in
          if let result = state.result { return result }
          if state.cancelled.remove(number) != nil { return .failure(cancellation) }
          state.waiters[number] = waiter
          return nil
        }
        if let known { waiter.resume(returning: known) }
      }
    } onCancel: {
      let (waiter, isLast) = state.withLock { state -> (Waiter?, Bool) in
        let waiter = state.waiters.removeValue(forKey: number)
        if waiter == nil, state.result == nil { state.cancelled.insert(number) }
        return (waiter, state.waiters.isEmpty && state.result == nil)
      }
      waiter?.resume(returning: .failure(cancellation))
      if isLast { abandoned?() }
    }
    return try result.get()
  }

  /// Waits for the result for as long as `pause` lasts. Then the flight finishes with `substitute`, for all callers. The
  /// operation itself goes on.
  package func value(
    within pause: @escaping @Sendable () async throws -> Void, otherwise substitute: Value
  ) async throws(Failure) -> Value {
    guard !isFinished else { return try await value() }
    let timer = Task { if (try? await pause()) != nil { finish(.success(substitute)) } }
    defer { timer.cancel() }
    return try await value()
  }
}

extension Flight where Failure == Errno {
  package convenience init() { self.init(cancellation: .interrupted) }

  /// Waits for the end, and ignores a failure, because others handle it.
  package func end() async throws(Errno) {
    do throws(Errno) {
      _ = try await value()
    } catch  where error == .interrupted && Task.isCancelled {
      throw error
    } catch {
      // The caller that started the operation gets the error.
    }
  }
}
