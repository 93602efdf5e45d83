internal import BerayAPI
internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// The resolution of a file system's timestamps.
enum TimestampGrain: Sendable {
  /// A change after a stat(2) always gets a later time (Linux 6.13 and newer).
  case distinct
  /// Two changes within so many nanoseconds may get the same time.
  case ticks(Int64)

  /// Finds out the resolution by writing a file in a directory. Blocks for a moment.
  static func probe(_ directory: String) -> TimestampGrain {
    guard let spool = try? Spool(in: directory) else { return .ticks(2_000_000_000) }
    var last: UTCTime?
    for _ in 0..<64 {
      guard (try? spool.file.writeAll([0])) != nil, let status = try? spool.file.status() else { break }
      let time = UTCTime(seconds: status.changed_seconds, nanoseconds: status.changed_nanoseconds)
      if time == last { return time.nanoseconds == 0 ? .ticks(2_000_000_000) : .ticks(40_000_000) }
      last = time
    }
    return .distinct
  }

  /// Whether a change after `now` may get the same time as the last change.
  func mayHide(changed: UTCTime, now: UTCTime) -> Bool {
    guard case .ticks(let width) = self else { return false }
    let age = Int128(now.seconds - changed.seconds) * 1_000_000_000 + Int128(now.nanoseconds - changed.nanoseconds)
    return age < Int128(width)
  }

  /// Gives a file that was just written a precise mtime, so that it differs from other writes within the same tick.
  func mark(_ file: OwnedDescriptor) {
    guard case .ticks = self else { return }
    let now = UTCTime.now()
    _ = linux_set_modified(file.procPath, now.seconds, now.nanoseconds)
  }
}
