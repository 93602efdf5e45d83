import BerayAPI
import BerayClient

extension Context {
  /// Follows a task to its end, over as many streams as that takes.
  /// - Returns: the task as it ended.
  func follow(
    _ id: TaskID, _ connection: Connection, _ body: (TaskUpdate) throws -> Void
  ) async throws -> BerayTask {
    let pause = pause
    return try await TaskFollower(client: connection.client, id: id, pause: { try await pause(.seconds(1)) })
      .follow(body)
  }
}
