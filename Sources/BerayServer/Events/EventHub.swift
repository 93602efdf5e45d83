internal import Synchronization

/// Wakes the followers of a task when it has new events. It carries no events: each follower reads them from the store
/// after its own cursor, so a slow follower loses none and keeps none in memory.
final class EventHub: Sendable {
  private struct State {
    var followers: [Int64: [Int: AsyncStream<Void>.Continuation]] = [:]
    var nextKey = 0
    var isClosed = false
  }

  private let state = Mutex(State())

  /// Returns a stream with an element for every change from now on. Changes are coalesced while its reader is slow. The
  /// stream ends when the hub is closed or the continuation is finished.
  func follow(_ task: Int64) -> (changes: AsyncStream<Void>, wake: AsyncStream<Void>.Continuation) {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let key = state.withLock { state -> Int? in
      guard !state.isClosed else { return nil }
      state.nextKey += 1
      state.followers[task, default: [:]][state.nextKey] = continuation
      return state.nextKey
    }
    guard let key else {
      continuation.finish()
      return (stream, continuation)
    }
    continuation.onTermination = { [weak self] _ in self?.remove(key, of: task) }
    return (stream, continuation)
  }

  /// Wakes the followers of a task.
  func notify(_ task: Int64) {
    let continuations = state.withLock { $0.followers[task].map { Array($0.values) } ?? [] }
    for continuation in continuations { continuation.yield() }
  }

  /// Ends every stream, so that the server can shut down.
  func close() {
    let continuations = state.withLock { state in
      state.isClosed = true
      defer { state.followers = [:] }
      return state.followers.values.flatMap(\.values)
    }
    for continuation in continuations { continuation.finish() }
  }

  private func remove(_ key: Int, of task: Int64) {
    state.withLock { state in
      state.followers[task]?[key] = nil
      if state.followers[task]?.isEmpty == true { state.followers[task] = nil }
    }
  }
}
