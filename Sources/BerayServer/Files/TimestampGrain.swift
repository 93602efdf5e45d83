internal import BerayAPI
internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// How finely a file system tells the times of two changes apart.
enum TimestampGrain: Sendable {
  /// A change after a look always has a later time (Linux 6.13 and newer).
  case distinct
  /// Two changes within so many nanoseconds may have the same time.
  case ticks(Int64)

  /// Writes and looks in a directory, and tells what its file system does. Blocks for a moment.
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

  /// Whether a change that comes after a look at `now` may leave the time as it is.
  func mayHide(changed: UTCTime, now: UTCTime) -> Bool {
    guard case .ticks(let width) = self else { return false }
    let age = Int128(now.seconds - changed.seconds) * 1_000_000_000 + Int128(now.nanoseconds - changed.nanoseconds)
    return age < Int128(width)
  }

  /// Gives a file that was just written a time of modification that no other write within the tick has.
  func mark(_ file: OwnedDescriptor) {
    guard case .ticks = self else { return }
    let now = UTCTime.now()
    _ = linux_set_modified("/proc/self/fd/\(file.rawValue)", now.seconds, now.nanoseconds)
  }
}
