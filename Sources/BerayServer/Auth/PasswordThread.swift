internal import HTTPTypes
internal import NIOPosix
internal import Synchronization

/// The one thread that derives keys from passwords. That takes long on purpose; here it holds up neither files nor tasks,
/// and a crowd of logins is turned away instead of kept waiting.
final class PasswordThread: Sendable {
  private let thread = NIOThreadPool(numberOfThreads: 1)
  private let waiting = Mutex(0)
  /// At a tenth of a second each, the last one in waits about a second.
  static let maximumWaiting = 12

  init() { thread.start() }

  /// - Throws: 503 with Retry-After if too many wait already.
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
