import Testing

@testable import BerayServer

@Suite(.timeLimit(.minutes(5))) struct ActivityTests {
  @Test func aServerInUseIsNotIdle() async throws {
    let activity = Activity()
    var use = activity.begin()
    #expect(use != nil)
    let clock = SignallingClock()
    let closing = Task {
      try await activity.closeWhenIdle(for: .seconds(600), clock: clock) { false }
    }
    var sleeps = clock.sleeps.makeAsyncIterator()
    for _ in 0..<50 { await sleeps.next() }
    #expect(activity.begin() != nil)
    use = nil
    try await closing.value
    #expect(activity.begin() == nil)
  }
}
