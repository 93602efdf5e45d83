import Dispatch

/// Runs blocking code outside the cooperative thread pool, which has only as many threads as processors.
enum Blocking {
  static func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(CommandError) -> Value
  ) async throws(CommandError) -> Value {
    let result: Result<Value, CommandError> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        do throws(CommandError) {
          continuation.resume(returning: .success(try body()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }
}
