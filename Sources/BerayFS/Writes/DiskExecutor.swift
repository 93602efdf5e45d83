import Dispatch

/// Runs work on temporary files on threads that may block, apart from those of the kernel's requests and the
/// connections.
final class DiskExecutor: TaskExecutor {
  static let shared = DiskExecutor()
  private let queue = DispatchQueue(label: "beray-fs.disk", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }

  /// Runs `body` there.
  static func run<Value: Sendable, Failure: Error>(
    _ body: @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    try await withTaskExecutorPreference(shared) { @concurrent () async throws(Failure) in try body() }
  }

  /// Runs `body` there, some time.
  static func later(_ body: @escaping @Sendable () -> Void) { shared.queue.async(execute: body) }
}
