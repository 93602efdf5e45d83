/// The continuations that wait for a change of some state. Keep it under the lock that guards that state.
///
/// Continuations are created before the lock is taken and resumed after it is released.
package struct Waiters: Sendable {
  package typealias Continuation = CheckedContinuation<Void, Never>

  private var waiting: [UInt64: Continuation] = [:]
  private var next: UInt64 = 0

  package init() {}

  package mutating func makeID() -> UInt64 {
    next += 1
    return next
  }

  package mutating func add(_ continuation: Continuation, id: UInt64) { waiting[id] = continuation }
  package mutating func remove(_ id: UInt64) -> Continuation? { waiting.removeValue(forKey: id) }

  /// Removes and returns all continuations. The caller must resume them.
  package mutating func takeAll() -> [Continuation] {
    guard !waiting.isEmpty else { return [] }
    defer { waiting = [:] }
    return Array(waiting.values)
  }
}
