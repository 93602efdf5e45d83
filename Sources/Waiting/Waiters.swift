/// Those who wait for something to change. A value that its owner keeps under the lock that guards what is waited for.
///
/// Continuations are made before the lock is taken and resumed after it is left.
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

  /// All of them, for the caller to resume.
  package mutating func takeAll() -> [Continuation] {
    guard !waiting.isEmpty else { return [] }
    defer { waiting = [:] }
    return Array(waiting.values)
  }
}
