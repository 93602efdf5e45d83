import Logging
import SystemPackage

/// One operation of the kernel, in the log of `--debug`.
struct OperationLog: Sendable {
  let callback: StaticString
  let logger: Logger
  private let start = ContinuousClock.now

  init(callback: StaticString, logger: Logger) {
    self.callback = callback
    self.logger = logger
  }

  /// Logs the outcome and the duration.
  func ended(_ errno: Errno?) {
    let microseconds = Int64((ContinuousClock.now - start) / .microseconds(1))
    logger.debug("\(name): \(errno.map { "\($0)" } ?? "done") after \(microseconds) us")
  }

  /// The name of the operation: `getattr` for `onGetattr(_:_:_:)`.
  private var name: String {
    let name = "\(callback)".prefix { $0 != "(" }
    return name.hasPrefix("on") ? name.dropFirst(2).lowercased() : String(name)
  }
}
