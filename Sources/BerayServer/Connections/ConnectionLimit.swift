internal import NIOCore
internal import Synchronization

/// Keeps room for new connections. Near the maximum, it closes the connection that has been idle for longest.
final class ConnectionLimit: Sendable {
  private struct State {
    var open = 0
    var nextKey: UInt64 = 0
    /// The idle connections. Keys grow, so the smallest belongs to the one that has been idle for longest.
    var idle: [UInt64: any Channel] = [:]
  }

  /// With more open connections than this, an idle one is closed.
  private let threshold: Int
  private let state = Mutex(State())

  /// - Parameter maximum: the number of connections that the server accepts.
  init(maximum: Int) { threshold = max(1, maximum - max(1, maximum / 8)) }

  /// Call it when a connection was accepted.
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

  /// Call it when a connection begins to wait for a request.
  /// - Returns: the key for ``isBusy(_:)``.
  func isIdle(_ channel: any Channel) -> UInt64 {
    state.withLock { state in
      state.nextKey += 1
      state.idle[state.nextKey] = channel
      return state.nextKey
    }
  }

  func isBusy(_ key: UInt64) { state.withLock { _ = $0.idle.removeValue(forKey: key) } }
}
