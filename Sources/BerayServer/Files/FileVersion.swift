internal import BerayAPI
internal import Glibc

/// What tells one version of a file from another, from its inode.
struct FileVersion: Hashable, Sendable {
  let size: Int64
  let modified: UTCTime
  /// Permission bits.
  let mode: UInt16
  /// A strong entity tag (RFC 9110 §8.8.3), with its quotes: inode, time of modification and size.
  let etag: String

  init(_ status: stat) {
    size = Int64(status.st_size)
    modified = UTCTime(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int32(status.st_mtim.tv_nsec))
    mode = UInt16(status.st_mode & 0o777)
    let nanoseconds = UInt64(bitPattern: modified.seconds &* 1_000_000_000 &+ Int64(modified.nanoseconds))
    etag =
      "\"\(String(status.st_ino, radix: 16))-\(String(nanoseconds, radix: 16))-\(String(status.st_size, radix: 16))\""
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
