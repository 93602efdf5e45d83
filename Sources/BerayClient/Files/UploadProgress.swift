internal import Synchronization

/// When the last byte of an upload left.
final class UploadProgress: Sendable {
  private let last = Mutex(ContinuousClock.now)

  /// A try begins.
  func begin() { last.withLock { $0 = .now } }

  /// The same bytes; each piece that is taken is progress.
  func counting(_ stream: ByteStream) -> ByteStream {
    begin()
    return ByteStream {
      var iterator = stream.makeAsyncIterator()
      return { () async throws(BerayError) in
        let piece = try await iterator.next()
        self.last.withLock { $0 = .now }
        return piece
      }
    }
  }

  /// Returns when nothing has moved for `limit`.
  func stall(of limit: Duration) async throws {
    while true {
      let deadline = last.withLock { $0 } + limit
      if ContinuousClock.now >= deadline { return }
      try await DeadlineQueue.shared.sleep(until: deadline)
    }
  }
}
