internal import NIOPosix

extension Services {
  /// Asks a task to end. If no agent works on it, it ends at once.
  func stop(_ task: Int64, grace: Duration? = nil) async throws {
    try await threads.runIfActive { [runner] in try runner.stop(task, grace: grace) }
  }

  /// The task in the path of a call. Another user's task counts as missing.
  func task(of call: IncomingCall) async throws -> TaskRecord {
    guard let account = call.account, let id = call.task, let task = try await store.task(id, of: account.id) else {
      throw HTTPFailure.notFound("Task not found")
    }
    return task
  }
}
