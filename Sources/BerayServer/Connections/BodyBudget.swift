internal import HTTPTypes
internal import Synchronization

/// Limits the memory for all request bodies together while they are read and handled.
final class BodyBudget: Sendable {
  /// A part of the budget. It is returned when the last reference is released.
  final class Share: Sendable {
    private let budget: BodyBudget
    private let taken = Mutex(0)

    fileprivate init(_ budget: BodyBudget) { self.budget = budget }

    deinit { budget.used.withLock { $0 -= taken.withLock(\.self) } }

    /// - Throws: 503 with Retry-After if the budget is exhausted.
    func take(_ count: Int) throws(HTTPFailure) {
      let isThere = budget.used.withLock { used in
        guard used + count <= budget.limit else { return false }
        used += count
        return true
      }
      guard isThere else {
        var failure = HTTPFailure(.serviceUnavailable, "Too many large requests at once; try again")
        failure.headers[.retryAfter] = "1"
        throw failure
      }
      taken.withLock { $0 += count }
    }
  }

  private let limit: Int
  private let used = Mutex(0)

  init(limit: Int = 64 << 20) { self.limit = limit }

  func share() -> Share { Share(self) }
  var inUse: Int { used.withLock(\.self) }
}
