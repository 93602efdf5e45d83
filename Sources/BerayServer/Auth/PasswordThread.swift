internal import HTTPTypes
internal import NIOPosix
internal import Synchronization

/// One thread that derives keys from passwords. Deriving is slow by design; here it does not delay files or tasks. If
/// too many logins wait, further ones are refused.
final class PasswordThread: Sendable {
  private let thread = NIOThreadPool(numberOfThreads: 1)
  private let waiting = Mutex(0)
  /// At a tenth of a second each, the last one waits about a second.
  static let maximumWaiting = 12

  init() { thread.start() }

  /// - Throws: 503 with Retry-After if too many are already waiting.
  func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    let isAdmitted = waiting.withLock { waiting in
      guard waiting < Self.maximumWaiting else { return false }
      waiting += 1
      return true
    }
    guard isAdmitted else {
      var failure = HTTPFailure(.serviceUnavailable, "Too many logins at once; try again")
      failure.headers[.retryAfter] = "1"
      throw failure
    }
    defer { waiting.withLock { $0 -= 1 } }
    return try await thread.runIfActive(body)
  }

  func shutDown() async { try? await thread.shutdownGracefully() }
}
