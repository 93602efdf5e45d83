internal import DequeModule
internal import Synchronization

/// Reads a body ahead in a task of its own, so that a wait for bytes can end: on cancellation or on a stall.
///
/// Only the time in which the reader waits counts as a stall, so a slow reader is not mistaken for a slow server. At
/// most about `capacity` bytes are read ahead; then the sender has to wait. The reader gets all bytes that arrived
/// before a failure, then the failure.
///
/// Invariants, guarded by `state`: a reader waits only while there is no piece and no end. A producer waits only while
/// there are `capacity` bytes or more. Continuations are resumed after the lock is released.
final class BodyPump: Sendable {
  fileprivate struct State {
    var pieces: Deque<[UInt8]> = []
    var bytes = 0
    var end: Result<Void, BerayError>?
    var reader: CheckedContinuation<Void, Never>?
    var producer: CheckedContinuation<Void, Never>?
    var waitingSince: ContinuousClock.Instant?
    /// How long the reader has waited for the last `received` bytes. Both start again at `progress` bytes.
    var waited: Duration = .zero
    var received = 0
    var tasks: [Task<Void, Never>] = []
  }

  private let state = Mutex(State())
  private let progress: Int
  private let limit: Duration
  private let operation: String
  private let capacity = 512 << 10

  private init(progress: Int, limit: Duration, operation: String) {
    self.progress = progress
    self.limit = limit
    self.operation = operation
  }

  /// Wraps `body` so that a wait fails with ``BerayError/Code/timedOut`` if fewer than `progress` bytes arrive within
  /// `limit`.
  static func watching(_ body: ByteStream, progress: Int, within limit: Duration, operation: String) -> ByteStream {
    ByteStream {
      let pump = BodyPump(progress: progress, limit: limit, operation: operation)
      pump.start(body)
      let end = PumpEnd(pump: pump)
      return { () async throws(BerayError) in try await end.pump.next() }
    }
  }

  private func start(_ body: ByteStream) {
    let producer = Task { await self.produce(body) }
    let watchdog = Task { await self.watch() }
    let hasEnded = state.withLock { state in
      state.tasks = [producer, watchdog]
      return state.end != nil
    }
    if hasEnded { watchdog.cancel() }
  }

  private func next() async throws(BerayError) -> [UInt8]? {
    while true {
      let (piece, end, producer) = state.withLock { $0.take(capacity: capacity) }
      producer?.resume()
      if let piece { return piece }
      if let end {
        try end.get()
        return nil
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let mustWait = state.withLock { $0.wait(continuation) }
          if !mustWait { continuation.resume() }
        }
      } onCancel: {
        finish(.failure(BerayError(.cancelled, detail: "", operation: operation)))
      }
    }
  }

  private func produce(_ body: ByteStream) async {
    do throws(BerayError) {
      var iterator = body.makeAsyncIterator()
      while let piece = try await iterator.next() {
        guard await deliver(piece) else { return }
      }
      finish(.success(()))
    } catch {
      finish(.failure(error))
    }
  }

  /// Queues a piece and waits for room. Returns false if the reader is gone.
  private func deliver(_ piece: [UInt8]) async -> Bool {
    let (reader, isFull) = state.withLock { $0.put(piece, progress: progress, capacity: capacity) }
    reader?.resume()
    if isFull {
      await withCheckedContinuation { continuation in
        let mustWait = state.withLock { state in
          guard state.end == nil, state.bytes >= capacity else { return false }
          state.producer = continuation
          return true
        }
        if !mustWait { continuation.resume() }
      }
    }
    return state.withLock { $0.end == nil }
  }

  private func watch() async {
    while true {
      let deadline = state.withLock { state -> ContinuousClock.Instant? in
        if state.end != nil { return nil }
        return state.waitingSince.map { $0 + (limit - state.waited) } ?? .now + limit / 8
      }
      guard let deadline, (try? await DeadlineQueue.shared.sleep(until: deadline)) != nil else { return }
      let isLate = state.withLock { state in
        state.waitingSince.map { ContinuousClock.now >= $0 + (limit - state.waited) } ?? false
      }
      if isLate {
        let detail = "the server sent too little within \(limit)"
        finish(.failure(BerayError(.timedOut, detail: detail, operation: operation)))
      }
    }
  }

  /// Ends the pump, unless it has ended. Cancellation discards the bytes read ahead.
  fileprivate func finish(_ end: Result<Void, BerayError>) {
    let (reader, producer, tasks) = state.withLock { $0.finish(end) }
    reader?.resume()
    producer?.resume()
    for task in tasks { task.cancel() }
  }
}

extension BodyPump.State {
  fileprivate mutating func take(capacity: Int) -> (
    [UInt8]?, Result<Void, BerayError>?, CheckedContinuation<Void, Never>?
  ) {
    guard let piece = pieces.popFirst() else { return (nil, end, nil) }
    bytes -= piece.count
    return (piece, nil, bytes < capacity ? producer.take() : nil)
  }

  fileprivate mutating func wait(_ continuation: CheckedContinuation<Void, Never>) -> Bool {
    guard pieces.isEmpty, end == nil else { return false }
    reader = continuation
    waitingSince = .now
    return true
  }

  fileprivate mutating func put(
    _ piece: [UInt8], progress: Int, capacity: Int
  ) -> (CheckedContinuation<Void, Never>?, isFull: Bool) {
    guard end == nil else { return (nil, false) }
    pieces.append(piece)
    bytes += piece.count
    received += piece.count
    if let since = waitingSince.take() { waited += since.duration(to: .now) }
    if received >= progress {
      received = 0
      waited = .zero
    }
    return (reader.take(), bytes >= capacity)
  }

  fileprivate mutating func finish(
    _ end: Result<Void, BerayError>
  ) -> (CheckedContinuation<Void, Never>?, CheckedContinuation<Void, Never>?, [Task<Void, Never>]) {
    if case .failure(let error) = end, error.code == .cancelled {
      // Discarded bytes must not look like a regular end of the body.
      if !pieces.isEmpty { self.end = end }
      pieces = []
      bytes = 0
    }
    self.end = self.end ?? end
    waitingSince = nil
    defer { tasks = [] }
    return (reader.take(), producer.take(), tasks)
  }
}

/// Ends the pump when the reader is released.
private final class PumpEnd: Sendable {
  let pump: BodyPump

  init(pump: BodyPump) { self.pump = pump }

  deinit { pump.finish(.failure(BerayError(.cancelled, detail: "", operation: ""))) }
}
