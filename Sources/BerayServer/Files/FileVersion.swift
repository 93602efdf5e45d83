internal import BerayAPI
internal import CLinux
internal import Glibc

/// What tells one version of a file from another, from its inode.
struct FileVersion: Hashable, Sendable {
  let size: Int64
  let modified: UTCTime
  /// Permission bits.
  let mode: UInt16
  /// An entity tag with its quotes (RFC 9110 §8.8.3): inode, times of modification and of change, and size. The time of
  /// change is nobody's to set (inode(7)), so a content that is replaced and dated back has another tag.
  let etag: String
  /// Whether a change that comes now could leave the tag as it is: it begins with `W/` then.
  let isWeak: Bool

  init(_ status: linux_status, grain: TimestampGrain = .distinct) {
    size = status.size
    modified = UTCTime(seconds: status.modified_seconds, nanoseconds: status.modified_nanoseconds)
    mode = UInt16(status.mode & 0o7777)
    let changed = UTCTime(seconds: status.changed_seconds, nanoseconds: status.changed_nanoseconds)
    if case .distinct = grain { isWeak = false } else { isWeak = grain.mayHide(changed: changed, now: .now()) }
    let parts = [status.inode, Self.nanoseconds(modified), Self.nanoseconds(changed), UInt64(bitPattern: status.size)]
    etag = (isWeak ? "W/\"" : "\"") + parts.map { String($0, radix: 16) }.joined(separator: "-") + "\""
  }

  private static func nanoseconds(_ time: UTCTime) -> UInt64 {
    UInt64(bitPattern: time.seconds &* 1_000_000_000 &+ Int64(time.nanoseconds))
  }

  /// Whether a list of entity tags (`*`, `"a", W/"b"`) names this version. Weak tags count where `weak` says so.
  func matches(_ header: String, weak: Bool) -> Bool {
    header.split(separator: ",").contains { item in
      var tag = item.drop(while: { $0 == " " || $0 == "\t" })
      while tag.last == " " || tag.last == "\t" { tag.removeLast() }
      if tag == "*" { return true }
      if !weak { return tag == etag && !isWeak }
      return Self.opaque(tag) == Self.opaque(etag[...])
    }
  }

  private static func opaque(_ tag: Substring) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag }
}
