internal import Synchronization
package import SystemPackage

/// Lets one come after another, in the order in which they ask.
package final class SerialTurns: Sendable {
  private let last = Mutex<Flight<Void, Errno>?>(nil)

  package init() {}

  /// Runs `body` when all who came before are done.
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
        // Whoever comes next waits for those who came before all the same.
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
