import Beray
import Synchronization
import SystemPackage
import Waiting

/// A large content from a server without ranges. It comes once, from start to end, into a temporary file in which every
/// read finds its bytes.
///
/// The last bytes are given once the end is known to be good, so that no reader takes a broken content for a whole one.
final class StreamReader: Sendable {
  private struct State {
    var received: Int64 = 0
    var end: Result<Void, Errno>?
    var waiters: [(until: Int64, flight: Flight<Void, Errno>)] = []
    var task: Task<Void, Never>?
    var isCancelled = false

    /// The end of what may be given.
    func available(_ size: Int64?) -> Int64 {
      if case .success? = end { return received }
      return max(0, min(received, (size ?? .max) - 1))
    }
  }

  private let spill: SpillFile
  private let size: Int64?
  private let state = Mutex(State())

  /// - Parameter size: bytes, where they are known.
  init(spill: SpillFile, size: Int64?) {
    self.spill = spill
    self.size = size
  }

  var received: Int64 { state.withLock { $0.received } }

  /// Starts a task in which `body` brings the content by ``pump(_:_:)``, and says whether it is good.
  func run(_ body: @escaping @Sendable () async throws(Errno) -> Void) {
    let task = Task { [self] in
      do throws(Errno) {
        try await body()
        end(.success(()))
      } catch {
        end(.failure(error))
      }
    }
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  /// Nobody wants the rest. The cancellation runs in a task of its own: it resumes who waits, and callers hold locks.
  func cancel() {
    let task = state.withLock { state in
      state.isCancelled = true
      return state.task
    }
    if let task { Task { task.cancel() } }
  }

  /// Stores all of `body`, from its start. Bytes that an earlier answer brought must be the same in this one.
  func pump(_ body: ByteStream, _ expectation: ContentExpectation) async throws(BerayError) {
    var iterator = body.makeAsyncIterator()
    var offset: Int64 = 0
    while let piece = try await iterator.next() {
      guard offset + Int64(piece.count) <= expectation.limit else {
        if expectation.length == nil { throw .endless(expectation.limit, operation: "read") }
        throw .contradiction(nil, expectation.length, operation: "read")
      }
      try await store(piece, at: offset)
      offset += Int64(piece.count)
    }
    guard expectation.isMet(by: offset) else {
      throw .contradiction(offset, expectation.length, operation: "read")
    }
  }

  /// Stores `start` and then what is left of an iteration.
  func pump(_ start: [UInt8], _ iterator: inout ByteStream.AsyncIterator, limit: Int64) async throws(BerayError) {
    if !start.isEmpty { try await store(start, at: 0) }
    while let piece = try await iterator.next() {
      guard received + Int64(piece.count) <= limit else { throw .endless(limit, operation: "read") }
      try await store(piece, at: received)
    }
  }

  private func store(_ piece: [UInt8], at offset: Int64) async throws(BerayError) {
    let known = Int(max(0, min(received - offset, Int64(piece.count))))
    let isSame: Bool
    do throws(Errno) {
      isSame = try await DiskExecutor.run { [spill] () throws(Errno) in
        if known > 0 {
          let before = try spill.read(at: offset, count: known)
          guard before.elementsEqual(piece[..<known]) else { return false }
        }
        try spill.write(piece[known...], at: offset + Int64(known), leavingRoom: true)
        return true
      }
    } catch {
      throw BerayError(.api, status: 507, detail: "no room for a temporary file: \(error)", operation: "read")
    }
    guard isSame else {
      throw BerayError(.connectionLost, detail: "the file was changed while it was read", operation: "read")
    }
    guard known < piece.count else { return }
    let woken = state.withLock { state -> [Flight<Void, Errno>] in
      state.received = offset + Int64(piece.count)
      let available = state.available(size)
      let woken = state.waiters.filter { $0.until <= available }.map(\.flight)
      if !woken.isEmpty { state.waiters.removeAll { $0.until <= available } }
      return woken
    }
    for flight in woken { flight.finish(.success(())) }
  }

  private func end(_ result: Result<Void, Errno>) {
    let woken = state.withLock { state -> [Flight<Void, Errno>] in
      if state.end == nil { state.end = result }
      defer { state.waiters = [] }
      return state.waiters.map(\.flight)
    }
    for flight in woken { flight.finish(result) }
  }

  /// The bytes of `range`, where all of them have come.
  func readyBytes(_ range: Range<Int64>) -> ArraySlice<UInt8>? {
    guard state.withLock({ $0.available(size) }) >= range.upperBound else { return nil }
    return try? spill.read(at: range.lowerBound, count: Int(range.upperBound - range.lowerBound))
  }

  /// Waits until all of it has come.
  func whole() async throws(Errno) { try await arrival(of: .max) }

  private func arrival(of until: Int64) async throws(Errno) {
    let flight = state.withLock { state -> Flight<Void, Errno>? in
      guard state.available(size) < until, state.end == nil else { return nil }
      let flight = Flight<Void, Errno>()
      state.waiters.append((until, flight))
      return flight
    }
    if let flight { try await flight.value() }
    let (available, end) = state.withLock { ($0.available(size), $0.end) }
    if available < until, case .failure(let errno)? = end { throw errno }
  }

  /// The bytes at `offset`, when they have come.
  func read(offset: Int64, count: Int) async throws(Errno) -> ArraySlice<UInt8> {
    try await arrival(of: offset + min(Int64(count), max(0, (size ?? .max) - offset)))
    let available = state.withLock { $0.available(size) }
    guard offset < available else { return [] }
    return try await DiskExecutor.run { [spill] () throws(Errno) in
      try spill.read(at: offset, count: Int(min(Int64(count), available - offset)))
    }
  }
}
