/// A clock whose sleeps end at once.
struct HastyClock: Clock {
  var now: ContinuousClock.Instant { ContinuousClock().now }
  var minimumResolution: Duration { .zero }

  func sleep(until _: ContinuousClock.Instant, tolerance _: Duration?) async throws {
    try Task.checkCancellation()
    await Task.yield()
  }
}

/// A clock whose sleeps end at once, and that tells of each.
struct SignallingClock: Clock {
  let sleeps: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation

  init() { (sleeps, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  var now: ContinuousClock.Instant { ContinuousClock().now }
  var minimumResolution: Duration { .zero }

  func sleep(until _: ContinuousClock.Instant, tolerance _: Duration?) async throws {
    try Task.checkCancellation()
    signal.yield()
    await Task.yield()
  }
}

/// A clock for one sleeper, which wakes when the test says so.
struct SteppedClock: Clock {
  private let steps: AsyncStream<Void>
  private let next: AsyncStream<Void>.Continuation

  init() { (steps, next) = AsyncStream.makeStream() }

  var now: ContinuousClock.Instant { ContinuousClock().now }
  var minimumResolution: Duration { .zero }

  func step() { next.yield() }

  func sleep(until _: ContinuousClock.Instant, tolerance _: Duration?) async throws {
    for await _ in steps { return }
    throw CancellationError()
  }
}
