internal import HTTPTypes
internal import Synchronization

/// Counts failed attempts by name and refuses more than so many in a while.
final class AttemptLimiter: Sendable {
  private struct Window {
    var failures: Int
    var ends: ContinuousClock.Instant
  }

  private let maximum: Int
  private let period: Duration
  private let now: @Sendable () -> ContinuousClock.Instant
  private let windows = Mutex<[String: Window]>([:])

  /// - Parameters:
  ///   - maximum: failures that one name may have in a period.
  ///   - period: from the first of them.
  init(
    maximum: Int = 10, period: Duration = .seconds(300),
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock().now }
  ) {
    self.maximum = maximum
    self.period = period
    self.now = now
  }

  /// - Throws: 429 with Retry-After where the name has failed too often.
  func check(_ name: String) throws(HTTPFailure) {
    let instant = now()
    let end = windows.withLock { windows -> ContinuousClock.Instant? in
      windows = windows.filter { $0.value.ends > instant }
      guard let window = windows[name], window.failures >= maximum else { return nil }
      return window.ends
    }
    guard let end else { return }
    var failure = HTTPFailure(.tooManyRequests, "Too many failed attempts; try again later")
    failure.headers[.retryAfter] = String(max(1, instant.duration(to: end).components.seconds + 1))
    throw failure
  }

  func recordFailure(_ name: String) {
    let instant = now()
    windows.withLock { $0[name, default: Window(failures: 0, ends: instant + period)].failures += 1 }
  }

  func reset(_ name: String) {
    windows.withLock { $0[name] = nil }
  }
}
