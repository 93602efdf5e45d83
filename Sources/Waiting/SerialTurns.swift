internal import Synchronization
package import SystemPackage

/// Runs closures one after another, in the order of the calls.
package final class SerialTurns: Sendable {
  private let last = Mutex<Flight<Void, Errno>?>(nil)

  package init() {}

  /// Runs `body` once all earlier ones are done.
  package func take<Value: Sendable>(_ body: () async throws(Errno) -> Value) async throws(Errno) -> Value {
    let mine = Flight<Void, Errno>()
    let before = last.withLock { last in
      defer { last = mine }
      return last
    }
    if let before {
      do throws(Errno) {
        try await before.end()
      } catch {
        // This turn was cancelled, but the next one must still wait for the earlier ones.
        Task {
          _ = try? await before.value()
          mine.finish(.success(()))
        }
        throw error
      }
    }
    defer { mine.finish(.success(())) }
    return try await body()
  }
}
