internal import Logging
internal import NIOPosix

/// The dependencies that all request handlers share.
struct Services: Sendable {
  let store: Store
  let hub: EventHub
  let runner: TaskRunner
  let accounts: Accounts
  /// The hash of the local user's token.
  let localTokenHash: [UInt8]
  /// The answers to recent appends to files.
  let appends: RecentAnswers
  let activity: Activity
  let bodies = BodyBudget()
  let metrics = Metrics()
  let cleaner: StoreCleaner
  /// For blocking file operations and long computations.
  let threads: NIOThreadPool
  let dataDirectory: DataDirectory
  let allowsRegistration: Bool
  /// Whether a proxy reports the address of the client.
  let isBehindProxy: Bool
  let version: String
  /// The source of the work directory for tasks that name none.
  let standardSource: String?
  /// The largest upload, in bytes.
  let maximumUpload: Int64
  /// Measures the pause between keep-alive comments on a stream.
  let clock: any Clock<Duration>
  let logger: Logger
}
