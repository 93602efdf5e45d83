import Glibc
import SystemPackage

/// A failure to report to the user: what failed, and what to do.
struct CommandError: Error, Hashable, Sendable {
  var what: String
  var advice: String?
  /// The exit status: 1 for a failure, 2 for bad use, or one of ``MountExit``.
  var status: Int32

  init(_ what: String, advice: String? = nil, status: Int32 = 1) {
    self.what = what
    self.advice = advice
    self.status = status
  }

  /// An error in how the command was used.
  static func badUse(_ what: String, advice: String? = nil) -> CommandError {
    CommandError(what, advice: advice, status: 2)
  }

  /// A system call failed with `code` (errno).
  static func system(_ action: String, _ code: Int32) -> CommandError {
    CommandError("cannot \(action): \(String(cString: strerror(code)))")
  }

  /// Makes a system call. If it fails, the error names `action`.
  @discardableResult
  static func calling<Result>(
    _ action: String, _ call: () throws(Errno) -> Result
  ) throws(CommandError) -> Result {
    do throws(Errno) { return try call() } catch { throw .system(action, error.rawValue) }
  }
}
