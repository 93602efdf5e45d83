import BerayAPI
import BerayClient

/// Follows a task to its end over as many streams as that takes.
struct TaskFollower {
  let client: BerayClient
  let id: TaskID
  /// Waits before the next try.
  var pause: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(1)) }
  var patience = Patience()

  /// Calls `body` with each update, in order, and returns the task once it has ended.
  ///
  /// A stream that ends early, breaks or falls silent is opened again behind the last event id. A server without ids may
  /// replay what it sent before: as long as the new stream repeats the old ones word for word, it is not shown again.
  /// Where a server has no stream of events, its task is asked for again and again.
  func follow(_ body: (TaskUpdate) throws -> Void) async throws -> BerayTask {
    var progress = Progress(patience: patience)
    while true {
      do {
        try await readStream(&progress, body)
        let task = try await client.task(id)
        if task.status.isFinished { return task }
        progress.patience.succeeded()
      } catch let error as BerayError where progress.patience.allows(error) {}
      try await pause()
    }
  }

  /// Reads one stream to its end. A stream that was open and broke is no failure: whether the server can be reached, the
  /// next request tells.
  private func readStream(_ progress: inout Progress, _ body: (TaskUpdate) throws -> Void) async throws {
    guard progress.hasStream, let updates = try await openStream(after: progress.lastEventID) else {
      progress.hasStream = false
      return
    }
    progress.replayed = 0
    progress.patience.succeeded()
    do {
      for try await update in updates where progress.isNew(update) {
        try body(update)
        // The end of the task, which need not be the end of the stream: whether it is, the task itself tells.
        if update.events.isEmpty, update.status?.isFinished == true { return }
      }
    } catch let error as BerayError where Self.mayPass(error) {}
  }

  /// Nil where the server answers with something else.
  private func openStream(after lastEventID: String?) async throws -> TaskUpdates? {
    do {
      return try await client.updates(of: id, after: lastEventID)
    } catch  where error.code == .invalidResponse {
      return nil
    }
  }

  private static func mayPass(_ error: BerayError) -> Bool { error.isTransient || error.code == .timedOut }

  /// What the streams have given so far.
  private struct Progress {
    var hasStream = true
    var patience: Patience
    var lastEventID: String?
    /// Updates without an id that were shown, over all streams.
    var shown: [JSON] = []
    /// How many of ``shown`` the present stream has repeated; no more are looked for once it gave something else.
    var replayed = 0

    mutating func isNew(_ update: TaskUpdate) -> Bool {
      if let id = update.lastEventID, !id.isEmpty {
        lastEventID = id
        return true
      }
      if replayed < shown.count, shown[replayed] == update.raw {
        replayed += 1
        return false
      }
      replayed = .max
      shown.append(update.raw)
      return true
    }
  }
}
