import Dispatch

/// Runs what blocks on a thread that may: the threads of tasks are as few as the processors.
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
