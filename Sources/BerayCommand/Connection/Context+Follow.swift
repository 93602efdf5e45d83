import Beray
import BerayAPI

extension Context {
  /// Follows a task to its end and gives each event to `body` once. Reconnects if the stream breaks.
  /// - Returns: the task as it ended.
  func follow(
    _ id: TaskID, _ connection: Connection, _ body: (TaskEvent) throws -> Void
  ) async throws -> BerayTask {
    for try await event in connection.client.follow(id, patience: OutageLimit.limit) { try body(event) }
    return try await connection.client.task(id)
  }
}
