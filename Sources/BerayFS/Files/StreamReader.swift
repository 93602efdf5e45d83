import BerayClient
import Synchronization
import SystemPackage

/// Large content of a server that cannot send parts: it comes once, from start to end, into a temporary file, and every
/// read finds its bytes there.
final class StreamReader: Sendable {
  private struct State {
    var received: Int64 = 0
    var end: Result<Void, Errno>?
    var waiters: [(until: Int64, flight: Flight<Void, Errno>)] = []
    var task: Task<Void, Never>?
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

  /// Lets `body` bring the content, by ``pump(_:)``, in a task of its own.
  func run(_ body: @escaping @Sendable () async throws(Errno) -> Void) {
    let task = Task { [self] in
      do throws(Errno) {
        try await body()
        end(.success(()))
      } catch {
        end(.failure(error))
      }
    }
    state.withLock { $0.task = task }
  }

  /// Nobody wants the rest.
  func cancel() {
    let task = state.withLock { $0.task }
    task?.cancel()
  }

  /// Stores all of `body`.
  func pump(_ body: ByteStream) async throws(BerayError) {
    var iterator = body.makeAsyncIterator()
    try await pump([], &iterator)
    end(.success(()))
  }

  /// Stores `start` and then what is left of an iteration, and ends.
  func pump(_ start: [UInt8], _ iterator: inout ByteStream.AsyncIterator) async throws(BerayError) {
    do throws(BerayError) {
      if !start.isEmpty { try store(start) }
      while let piece = try await iterator.next() { try store(piece) }
      end(.success(()))
    } catch {
      end(.failure(Errno(error)))
      throw error
    }
  }

  private func store(_ piece: [UInt8]) throws(BerayError) {
    let offset = received
    do throws(Errno) {
      try spill.write(piece[...], at: offset)
    } catch {
      throw BerayError(.api, status: 507, detail: "no room for a temporary file: \(error)", operation: "read")
    }
    let woken = state.withLock { state -> [Flight<Void, Errno>] in
      state.received += Int64(piece.count)
      let received = state.received
      let woken = state.waiters.filter { $0.until <= received }.map(\.flight)
      if !woken.isEmpty { state.waiters.removeAll { $0.until <= received } }
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
    guard received >= range.upperBound else { return nil }
    return try? spill.read(at: range.lowerBound, count: Int(range.upperBound - range.lowerBound))
  }

  /// The bytes at `offset`, when they have come.
  func read(offset: Int64, count: Int) async throws(Errno) -> ArraySlice<UInt8> {
    let until = offset + min(Int64(count), max(0, (size ?? .max) - offset))
    let flight = state.withLock { state -> Flight<Void, Errno>? in
      guard state.received < until, state.end == nil else { return nil }
      let flight = Flight<Void, Errno>()
      state.waiters.append((until, flight))
      return flight
    }
    if let flight { try await flight.value() }
    let (received, end) = state.withLock { ($0.received, $0.end) }
    if received < until, case .failure(let errno)? = end { throw errno }
    guard offset < received else { return [] }
    return try spill.read(at: offset, count: Int(min(Int64(count), received - offset)))
  }
}
