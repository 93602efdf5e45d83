public import BerayAPI

extension BerayClient {
  /// The events of a task, each once and in order, from its first event to its final status.
  ///
  /// A stream that drops is resumed after the last event id, if the server sends ids. The task's list of events closes
  /// any gap. If the server has no stream, the task is polled. The last event carries the final status
  /// (``BerayAPI/TaskEvent/isTaskStatus``).
  /// ```swift
  /// for try await event in client.follow(task.id) { print(event.type ?? "", event.text ?? "") }
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - patience: how long the server may be unreachable before the last error is thrown. Permanent errors, such as an
  ///     unknown task or a refused token, are thrown at once.
  public func follow(_ id: TaskID, patience: Duration = .seconds(60)) -> TaskEvents {
    TaskEvents(client: self, id: id, patience: patience)
  }
}

/// The events of a task, each once, until the task ends. Iterate it once; ending the iteration closes the stream.
public struct TaskEvents: AsyncSequence, Sendable {
  public typealias Element = TaskEvent
  public typealias Failure = BerayError

  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let reading: Reading

    public mutating func next() async throws(BerayError) -> TaskEvent? {
      try await reading.handoff.next()
    }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws(BerayError) -> TaskEvent? {
      try await reading.handoff.next()
    }
  }

  /// Stops following when the iterator is released.
  fileprivate final class Reading: Sendable {
    let handoff: EventHandoff
    private let task: Task<Void, Never>

    init(_ events: TaskEvents) {
      let handoff = EventHandoff(operation: "follow task \(events.id)")
      let follower = EventFollower(
        client: events.client, id: events.id, patience: events.patience, handoff: handoff)
      self.handoff = handoff
      task = Task { await follower.run() }
    }

    deinit {
      task.cancel()
      handoff.abandon()
    }
  }

  fileprivate let client: BerayClient
  fileprivate let id: TaskID
  fileprivate let patience: Duration

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reading: Reading(self)) }
}
