internal import Synchronization

/// Records when the last bytes of an upload were sent.
final class UploadProgress: Sendable {
  private let now: @Sendable () -> ContinuousClock.Instant
  private let last: Mutex<ContinuousClock.Instant>

  init(now: @escaping @Sendable () -> ContinuousClock.Instant) {
    self.now = now
    last = Mutex(now())
  }

  var lastMovement: ContinuousClock.Instant { last.withLock { $0 } }

  /// Records that a try has begun or moved on.
  func advance() { last.withLock { $0 = now() } }

  /// The largest piece, in bytes, that counts as one step.
  static let pieceLimit = 64 << 10

  /// Splits the stream into pieces of at most ``pieceLimit`` bytes. Each piece that is taken counts as progress.
  func counting(_ stream: ByteStream) -> ByteStream {
    advance()
    return ByteStream {
      var iterator = stream.makeAsyncIterator()
      var rest: ArraySlice<UInt8> = []
      return { () async throws(BerayError) in
        while rest.isEmpty {
          guard let piece = try await iterator.next() else { return nil }
          rest = piece[...]
        }
        self.advance()
        let piece = rest.prefix(Self.pieceLimit)
        rest = rest.dropFirst(piece.count)
        return Array(piece)
      }
    }
  }

  /// Returns once nothing has moved for `limit`.
  func stall(of limit: Duration) async throws {
    while true {
      let deadline = last.withLock { $0 } + limit
      if now() >= deadline { return }
      try await DeadlineQueue.shared.sleep(until: deadline)
    }
  }
}
