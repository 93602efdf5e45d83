internal import NIOCore
internal import Synchronization

/// Keeps room for new connections: where nearly all are taken, the one that has waited longest for a request is closed.
final class ConnectionLimit: Sendable {
  private struct State {
    var open = 0
    var nextKey: UInt64 = 0
    /// The connections without a request, by when they became so: the smallest key is the oldest.
    var idle: [UInt64: any Channel] = [:]
  }

  /// Beyond so many open ones an idle one is closed.
  private let threshold: Int
  private let state = Mutex(State())

  /// - Parameter maximum: beyond which the server accepts none.
  init(maximum: Int) { threshold = max(1, maximum - max(1, maximum / 8)) }

  /// A connection was accepted.
  func opened() {
    let oldest = state.withLock { state -> (any Channel)? in
      state.open += 1
      guard state.open > threshold, let key = state.idle.keys.min() else { return nil }
      return state.idle.removeValue(forKey: key)
    }
    oldest?.close(promise: nil)
  }

  func closed(_ key: UInt64?) {
    state.withLock { state in
      state.open -= 1
      if let key { state.idle[key] = nil }
    }
  }

  /// A connection waits for a request.
  /// - Returns: what ``isBusy(_:)`` takes.
  func isIdle(_ channel: any Channel) -> UInt64 {
    state.withLock { state in
      state.nextKey += 1
      state.idle[state.nextKey] = channel
      return state.nextKey
    }
  }

  func isBusy(_ key: UInt64) { state.withLock { _ = $0.idle.removeValue(forKey: key) } }
}
