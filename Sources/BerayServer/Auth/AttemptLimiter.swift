internal import HTTPTypes
internal import Synchronization

/// Limits the attempts in a period, for each name and for all names together.
///
/// An attempt counts before its outcome is known, so that parallel attempts cannot evade the limit. The limiter
/// remembers at most twice as many names as it admits attempts in a period.
final class AttemptLimiter: Sendable {
  private struct Window {
    var attempts: Int
    var ends: ContinuousClock.Instant
  }

  private struct State {
    var names: [String: Window] = [:]
    var all: Window?
  }

  private let maximumOfOne: Int
  private let maximumOfAll: Int
  private let period: Duration
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  /// - Parameters:
  ///   - ofOne: the limit for one name.
  ///   - ofAll: the limit for all names together.
  ///   - period: begins with the first attempt.
  init(
    ofOne: Int, ofAll: Int, period: Duration,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock().now }
  ) {
    maximumOfOne = ofOne
    maximumOfAll = ofAll
    self.period = period
    self.now = now
  }

  /// The number of names that it remembers.
  var nameCount: Int { state.withLock { $0.names.count } }

  /// Counts an attempt.
  /// - Throws: 429 with Retry-After if the limit of the name, or of all names, is reached.
  func count(_ name: String) throws(HTTPFailure) {
    let instant = now()
    let end = state.withLock { state -> ContinuousClock.Instant? in
      if let all = state.all, all.ends <= instant {
        state.all = nil
        state.names = state.names.filter { $0.value.ends > instant }
      }
      if state.names[name].map({ $0.ends <= instant }) == true { state.names[name] = nil }
      let fresh = Window(attempts: 0, ends: instant + period)
      var (one, all) = (state.names[name] ?? fresh, state.all ?? fresh)
      if one.attempts >= maximumOfOne { return one.ends }
      if all.attempts >= maximumOfAll { return all.ends }
      one.attempts += 1
      all.attempts += 1
      (state.names[name], state.all) = (one, all)
      return nil
    }
    guard let end else { return }
    var failure = HTTPFailure(.tooManyRequests, "Too many attempts; try again later")
    failure.headers[.retryAfter] = String(max(1, instant.duration(to: end).components.seconds + 1))
    throw failure
  }

  /// Uncounts an attempt that did not take place.
  func takeBack(_ name: String) {
    state.withLock { state in
      state.names[name]?.attempts -= 1
      state.all?.attempts -= 1
    }
  }

  /// Forgets the attempts of a name after a successful one.
  func forgive(_ name: String) {
    state.withLock { state in
      state.names[name] = nil
      state.all?.attempts -= 1
    }
  }
}
