internal import BerayAPI
internal import DequeModule
internal import Synchronization

/// Hands events from a follower to a reader, and makes the follower wait for a slow reader.
///
/// Invariant, guarded by `state`: a reader waits only while there is no event and no end. Continuations are resumed
/// after the lock is released.
final class EventHandoff: Sendable {
  fileprivate struct State {
    var events: Deque<TaskEvent> = []
    var end: Result<Void, BerayError>?
    var reader: CheckedContinuation<Void, Never>?
    var writer: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  private let operation: String
  /// How many events the follower may be ahead of the reader.
  private static let capacity = 1024

  init(operation: String) { self.operation = operation }

  /// Queues events, and waits while the queue is full.
  func send(_ events: [TaskEvent]) async {
    guard !events.isEmpty else { return }
    let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard state.end == nil else { return nil }
      state.events += events
      return state.reader.take()
    }
    reader?.resume()
    await withCheckedContinuation { continuation in
      let isFull = state.withLock { state in
        guard state.end == nil, state.events.count >= Self.capacity else { return false }
        state.writer = continuation
        return true
      }
      if !isFull { continuation.resume() }
    }
  }

  /// Ends the sequence. The reader still gets the events that were sent before.
  func finish(_ end: Result<Void, BerayError>) {
    let (reader, writer) = state.withLock { state in
      state.end = state.end ?? end
      return (state.reader.take(), state.writer.take())
    }
    reader?.resume()
    writer?.resume()
  }

  /// Ends the sequence because the reader is gone.
  func abandon() {
    finish(.failure(BerayError(.cancelled, detail: "", operation: operation)))
  }

  func next() async throws(BerayError) -> TaskEvent? {
    while true {
      let (event, end, writer) = state.withLock { $0.takeNext(capacity: Self.capacity) }
      writer?.resume()
      if let event { return event }
      if let end {
        try end.get()
        return nil
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let mustWait = state.withLock { state in
            guard state.events.isEmpty, state.end == nil else { return false }
            state.reader = continuation
            return true
          }
          if !mustWait { continuation.resume() }
        }
      } onCancel: {
        abandon()
      }
    }
  }
}

extension EventHandoff.State {
  fileprivate mutating func takeNext(
    capacity: Int
  ) -> (TaskEvent?, Result<Void, BerayError>?, CheckedContinuation<Void, Never>?) {
    guard let event = events.popFirst() else { return (nil, end, nil) }
    return (event, nil, events.count < capacity ? writer.take() : nil)
  }
}
