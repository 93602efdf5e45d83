internal import BerayAPI
internal import CLinux
internal import Glibc

/// What tells one version of a file from another, from its inode.
struct FileVersion: Hashable, Sendable {
  let size: Int64
  let modified: UTCTime
  /// Permission bits.
  let mode: UInt16
  /// A strong entity tag (RFC 9110 §8.8.3), with its quotes: inode, time of modification and size.
  let etag: String

  init(_ status: linux_status) {
    size = status.size
    modified = UTCTime(seconds: status.modified_seconds, nanoseconds: status.modified_nanoseconds)
    mode = UInt16(status.mode & 0o777)
    let nanoseconds = UInt64(bitPattern: modified.seconds &* 1_000_000_000 &+ Int64(modified.nanoseconds))
    etag =
      "\"\(String(status.inode, radix: 16))-\(String(nanoseconds, radix: 16))-\(String(status.size, radix: 16))\""
  }

  /// Whether a list of entity tags (`*`, `"a", W/"b"`) names this version. Weak tags count where `weak` says so.
  func matches(_ header: String, weak: Bool) -> Bool {
    header.split(separator: ",").contains { item in
      var tag = item.drop(while: { $0 == " " || $0 == "\t" })
      while tag.last == " " || tag.last == "\t" { tag.removeLast() }
      if tag == "*" { return true }
      if tag.hasPrefix("W/") {
        guard weak else { return false }
        tag = tag.dropFirst(2)
      }
      return tag == etag
    }
  }
}
