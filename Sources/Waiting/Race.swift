/// Runs two operations at once. The first that ends decides, and the other is cancelled.
///
/// It returns once both have ended, so a loser that ignores its cancellation keeps the caller waiting. Cancelling the
/// caller cancels both, and the first that ends still decides.
/// - Parameters:
///   - work: what is to be done.
///   - limit: ends `work`, for example after a time, with a result or an error of its own. Nil leaves the decision to
///     `work`.
package func race<Value: Sendable, Failure: Error>(
  _ work: @escaping @Sendable () async throws(Failure) -> Value,
  against limit: @escaping @Sendable () async throws(Failure) -> Value?
) async throws(Failure) -> Value {
  let result = await withTaskGroup { group -> Result<Value, Failure> in
    group.addTask { () -> Result<Value, Failure>? in
      do throws(Failure) { return .success(try await work()) } catch { return .failure(error) }
    }
    group.addTask { () -> Result<Value, Failure>? in
      do throws(Failure) { return try await limit().map { .success($0) } } catch { return .failure(error) }
    }
    defer { group.cancelAll() }
    // One of the two is `work`, which has a result.
    while true { if let ended = await group.next(), let result = ended { return result } }
  }
  return try result.get()
}
