internal import BerayAPI

/// Tells sequences of events apart, in 128 bits.
struct EventChain: Hashable, Sendable {
  private var high = 0
  private var low = 0

  init() {}

  init(_ events: [TaskEvent]) {
    for event in events { append(event) }
  }

  mutating func append(_ event: TaskEvent) {
    // Hasher is seeded for each process: no server can make two sequences collide.
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
