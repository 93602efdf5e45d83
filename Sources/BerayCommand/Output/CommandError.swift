import Glibc
import SystemPackage

/// A failure that a person is told of: what failed, and what to do.
struct CommandError: Error, Hashable, Sendable {
  var what: String
  var advice: String?
  /// The exit status: 1 failed, 2 bad use.
  var status: Int32

  init(_ what: String, advice: String? = nil, status: Int32 = 1) {
    self.what = what
    self.advice = advice
    self.status = status
  }

  /// The user asked for something that cannot be.
  static func badUse(_ what: String, advice: String? = nil) -> CommandError {
    CommandError(what, advice: advice, status: 2)
  }

  /// A system call failed with `code` (errno).
  static func system(_ action: String, _ code: Int32) -> CommandError {
    CommandError("cannot \(action): \(String(cString: strerror(code)))")
  }

  /// Makes a call of the system, and says what was to be done where it fails.
  @discardableResult
  static func calling<Result>(
    _ action: String, _ call: () throws(Errno) -> Result
  ) throws(CommandError) -> Result {
    do throws(Errno) { return try call() } catch { throw .system(action, error.rawValue) }
  }
}
