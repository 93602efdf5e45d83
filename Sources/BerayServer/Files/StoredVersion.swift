internal import BerayAPI
internal import CLinux
internal import Glibc

/// Identifies one version of a file by the attributes of its inode.
struct StoredVersion: Hashable, Sendable {
  let size: Int64
  let modified: UTCTime
  /// Permission bits.
  let mode: UInt16
  /// The entity tag with its quotes (RFC 9110 §8.8.3), made from inode number, mtime, ctime and size. No program can
  /// set the ctime (inode(7)), so replaced content has another tag even if its mtime is set back.
  let etag: String
  /// Whether another change right now could leave the tag the same. Such a tag begins with `W/`.
  let isWeak: Bool

  init(_ status: linux_status, grain: TimestampGrain = .distinct) {
    size = status.size
    modified = UTCTime(seconds: status.modified_seconds, nanoseconds: status.modified_nanoseconds)
    mode = UInt16(status.mode & 0o7777)
    let changed = UTCTime(seconds: status.changed_seconds, nanoseconds: status.changed_nanoseconds)
    if case .distinct = grain { isWeak = false } else { isWeak = grain.mayHide(changed: changed, now: .now()) }
    let parts = [status.inode, Self.nanoseconds(modified), Self.nanoseconds(changed), UInt64(bitPattern: status.size)]
    etag = EntityTag(value: parts.map { String($0, radix: 16) }.joined(separator: "-"), isWeak: isWeak).text
  }

  private static func nanoseconds(_ time: UTCTime) -> UInt64 {
    UInt64(bitPattern: time.seconds &* 1_000_000_000 &+ Int64(time.nanoseconds))
  }

  /// Whether a list of entity tags (`*`, `"a", W/"b"`) contains this version. Weak tags match only if `weak` is true.
  func matches(_ header: String, weak: Bool) -> Bool { EntityTag(etag).isListed(in: header, weakly: weak) }
}
