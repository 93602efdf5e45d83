import Testing

@testable import Beray

@Suite struct DeadlineQueueTests {
  private let queue = DeadlineQueue()

  @Test(.timeLimit(.minutes(5))) func endsAtItsInstantAndNotBefore() async throws {
    let instant = ContinuousClock.now + .milliseconds(20)
    try await queue.sleep(until: instant)
    #expect(ContinuousClock.now >= instant)
    try await queue.sleep(until: instant)  // It has passed.
  }

  @Test(.timeLimit(.minutes(5))) func aLaterDeadlineHoldsUpNoEarlierOne() async throws {
    let long = Task { [queue] in try await queue.sleep(until: .now + .seconds(3600)) }
    let instants = (1...50).map { ContinuousClock.now + .milliseconds(51 - $0) }
    try await withThrowingTaskGroup { group in
      for instant in instants {
        group.addTask { [queue] in
          try await queue.sleep(until: instant)
          #expect(ContinuousClock.now >= instant)
        }
      }
      try await group.waitForAll()
    }
    long.cancel()
    await #expect(throws: CancellationError.self) { try await long.value }
  }

  @Test(.timeLimit(.minutes(5))) func cancellationEndsItAtAnyMoment() async {
    for _ in 0..<2000 {
      let task = Task { [queue] in try await queue.sleep(until: .now + .seconds(3600)) }
      if Bool.random() { await Task.yield() }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    #expect(queue.count <= 128, "who was cancelled is forgotten")
  }
}
