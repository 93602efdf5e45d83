import BerayAPI
import VFS

/// A version that this mount made, as far as the server told of it.
struct OwnVersion: Sendable {
  /// The server's time of the answer, in whole seconds; nil if it gave none.
  var answered: UTCTime?

  /// How far, in seconds, the time of an answer may be before that of the file it made. Servers renew their `Date` once
  /// a second, and file systems have clocks of their own.
  private static let coarseness: Int64 = 2

  /// Whether `new`, as a listing shows it, is `made` and not a later change by somebody else.
  func isShown(by new: FileVersion, asMade made: FileVersion) -> Bool {
    if let etag = new.etag, let madeTag = made.etag { return etag == madeTag }
    guard new.size == nil || new.size == made.size else { return false }
    guard let answered, let modified = new.modified, modified != made.modified else { return true }
    return modified.seconds <= answered.seconds + Self.coarseness
  }

  /// Whether `new` may nevertheless be somebody else's: of the same length, and made right after it.
  func isDoubtful(_ new: FileVersion) -> Bool {
    guard new.etag == nil, let answered, let modified = new.modified else { return false }
    return modified.seconds > answered.seconds
  }
}
