internal import Logging
internal import NIOPosix

/// What the handlers of requests share.
struct Services: Sendable {
  let store: Store
  let hub: EventHub
  let runner: TaskRunner
  let accounts: Accounts
  /// Of the token in the file of the local user.
  let localTokenHash: [UInt8]
  /// To appends to files.
  let appends: RecentAnswers
  let activity: Activity
  let bodies = BodyBudget()
  let metrics = Metrics()
  let cleaner: StoreCleaner
  /// For calls that block on files, and for those that compute long.
  let threads: NIOThreadPool
  let dataDirectory: DataDirectory
  let allowsRegistration: Bool
  /// Whether a proxy says for whom a request is.
  let isBehindProxy: Bool
  let version: String
  /// What the work directory of a task begins with that asks for nothing else.
  let standardSource: String?
  /// Bytes that one upload may have.
  let maximumUpload: Int64
  /// Measures the pause between two signs of life on a stream.
  let clock: any Clock<Duration>
  let logger: Logger
}
