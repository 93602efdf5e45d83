import Beray

extension Context {
  /// The files of the task that a command names.
  func files(of selection: TaskSelection, _ server: ServerOptions) async throws -> TaskFiles {
    let client = try await connection(server).client
    return TaskFiles(client: client, id: try await selection.task.resolved(by: client))
  }
}
