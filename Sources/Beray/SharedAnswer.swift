internal import Synchronization
internal import Waiting

/// An answer that is fetched once and kept. Concurrent callers share one request. Errors are not kept.
///
/// A separate task makes the request, so cancelling one caller does not cancel it for the others.
package final class SharedAnswer<Value: Sendable>: Sendable {
  /// An answer, and for how long it is kept.
  package struct Answer: Sendable {
    var value: Value
    /// Nil means that it never expires.
    var expiry: ContinuousClock.Instant?

    package init(_ value: Value, keptFor lifetime: Duration? = nil) {
      self.value = value
      expiry = lifetime.map { .now + $0 }
    }
  }

  private struct State {
    var answer: Answer?
    var flight: Flight<Value, BerayError>?

    var known: Value? {
      guard let answer, answer.expiry.map({ .now < $0 }) ?? true else { return nil }
      return answer.value
    }
  }

  private enum Step {
    case known(Value)
    case wait(Flight<Value, BerayError>)
    case ask(Flight<Value, BerayError>)
  }

  private let state = Mutex(State())

  package init() {}

  package func value(
    operation: String, asking ask: @escaping @Sendable () async throws(BerayError) -> Answer
  ) async throws(BerayError) -> Value {
    let step = state.withLock { state -> Step in
      if let known = state.known { return .known(known) }
      if let flight = state.flight { return .wait(flight) }
      let flight = Flight<Value, BerayError>(cancellation: BerayError(.cancelled, detail: "", operation: operation))
      state.flight = flight
      return .ask(flight)
    }
    switch step {
    case .known(let value): return value
    case .wait(let flight): return try await flight.value()
    case .ask(let flight):
      start(ask, for: flight)
      return try await flight.value()
    }
  }

  private func start(
    _ ask: @escaping @Sendable () async throws(BerayError) -> Answer, for flight: Flight<Value, BerayError>
  ) {
    Task {
      do throws(BerayError) {
        let answer = try await ask()
        self.end(flight, with: answer)
        flight.finish(.success(answer.value))
      } catch {
        self.end(flight, with: nil)
        flight.finish(.failure(error))
      }
    }
  }

  /// Makes the next caller ask again, even if a request is in flight.
  func forget() {
    state.withLock { $0 = State() }
  }

  private func end(_ flight: Flight<Value, BerayError>, with answer: Answer?) {
    state.withLock { state in
      guard state.flight === flight else { return }
      state = State(answer: answer)
    }
  }
}
