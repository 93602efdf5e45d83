/// Runs `work`, but ends it and throws the error as soon as `watch` returns one. Cancellation ends both.
func racing<Value: Sendable>(
  _ watch: @escaping @Sendable () async throws -> BerayError,
  operation: String,
  _ work: @escaping @Sendable () async throws(BerayError) -> Value
) async throws(BerayError) -> Value {
  let result: Result<Value, BerayError> = await withTaskGroup { group in
    group.addTask { () -> Result<Value, BerayError>? in
      do throws(BerayError) { return .success(try await work()) } catch { return .failure(error) }
    }
    group.addTask { () -> Result<Value, BerayError>? in
      do { return .failure(try await watch()) } catch { return nil }
    }
    defer { group.cancelAll() }
    while let outcome = await group.next() {
      if let outcome { return outcome }
    }
    return .failure(BerayError(.cancelled, detail: "", operation: operation))
  }
  if Task.isCancelled, case .failure = result { throw BerayError(.cancelled, detail: "", operation: operation) }
  return try result.get()
}

/// Runs `work` for no longer than `limit`.
func limited<Value: Sendable>(
  to limit: Duration, operation: String, _ work: @escaping @Sendable () async throws(BerayError) -> Value
) async throws(BerayError) -> Value {
  try await racing(
    {
      try await DeadlineQueue.shared.sleep(until: .now + limit)
      return BerayError(.timedOut, detail: "no answer came within \(limit)", operation: operation)
    }, operation: operation, work)
}
