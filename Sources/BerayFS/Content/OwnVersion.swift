import BerayAPI
import VFS

/// A version that this mount made, as far as the server told of it.
struct OwnVersion: Sendable {
  /// When the server answered, by its own clock, in whole seconds; nil: it did not tell.
  var answered: UTCTime?

  /// How far, in seconds, the time of an answer may lie before that of the file which it made: servers renew their `Date`
  /// once a second, and file systems go by a clock of their own.
  private static let coarseness: Int64 = 2

  /// Whether `new` of a listing is `made`, and not what somebody else made of it since.
  func isShown(by new: FileVersion, asMade made: FileVersion) -> Bool {
    if let etag = new.etag, let madeTag = made.etag { return etag == madeTag }
    guard new.size == nil || new.size == made.size else { return false }
    guard let answered, let modified = new.modified, modified != made.modified else { return true }
    return modified.seconds <= answered.seconds + Self.coarseness
  }

  /// Whether `new`, which is taken for it, may be somebody else's all the same, of the same length and made right behind it.
  func isDoubtful(_ new: FileVersion) -> Bool {
    guard new.etag == nil, let answered, let modified = new.modified else { return false }
    return modified.seconds > answered.seconds
  }
}

extension Timestamp {
  /// The later of both, and in any case later than this.
  func moved(to now: Timestamp) -> Timestamp {
    guard now <= self else { return now }
    return nanoseconds < 999_999_999
      ? Timestamp(seconds: seconds, nanoseconds: nanoseconds + 1) : Timestamp(seconds: seconds + 1)
  }
}
