internal import Waiting

/// Runs `work`, but ends it and throws the error as soon as `watch` returns one. Cancellation ends both.
func racing<Value: Sendable>(
  _ watch: @escaping @Sendable () async throws -> BerayError,
  operation: String,
  _ work: @escaping @Sendable () async throws(BerayError) -> Value
) async throws(BerayError) -> Value {
  do throws(BerayError) {
    return try await race(work) { () async throws(BerayError) in
      guard let error = try? await watch() else { return nil }
      throw error
    }
  } catch {
    throw Task.isCancelled ? BerayError(.cancelled, detail: "", operation: operation) : error
  }
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
