internal import BerayAPI

/// A 128-bit running hash of a sequence of events.
struct EventChain: Hashable, Sendable {
  private var high = 0
  private var low = 0

  init() {}

  init(_ events: [TaskEvent]) {
    for event in events { append(event) }
  }

  mutating func append(_ event: TaskEvent) {
    // Hasher has a random seed in each process, so a server cannot provoke a collision.
    var hasher = Hasher()
    hasher.combine(high)
    hasher.combine(event.type)
    hasher.combine(event.raw)
    high = hasher.finalize()
    hasher = Hasher()
    hasher.combine(low)
    hasher.combine(high)
    low = hasher.finalize()
  }
}
