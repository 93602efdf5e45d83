import BerayAPI
import BerayClient

/// Follows a task to its end over as many streams as that takes.
struct TaskFollower {
  let client: BerayClient
  let id: TaskID

  /// Calls `body` with each update, in order, and returns the task once it has ended.
  ///
  /// A stream that ends early is opened again behind the last event id. A server without ids may replay what it sent
  /// before: as long as the new stream repeats the old ones word for word, it is not shown again.
  func follow(_ body: (TaskUpdate) throws -> Void) async throws -> BerayTask {
    var shown: [JSON] = []
    var lastEventID: String?
    var lost = 0
    while true {
      var replayed = 0
      do {
        for try await update in try await client.updates(of: id, after: lastEventID) {
          lost = 0
          if let id = update.lastEventID, !id.isEmpty {
            lastEventID = id
          } else if replayed < shown.count, shown[replayed] == update.raw {
            replayed += 1
            continue
          } else {
            replayed = .max
            shown.append(update.raw)
          }
          try body(update)
          // The end of the task, which need not be the end of the stream: whether it is, the task itself tells.
          if update.events.isEmpty, update.status?.isFinished == true { break }
        }
      } catch let error as BerayError where error.isTransient && lost < 5 {
        lost += 1
      }
      let task = try await client.task(id)
      if task.status.isFinished { return task }
      try await Task.sleep(for: .seconds(1))
    }
  }
}
