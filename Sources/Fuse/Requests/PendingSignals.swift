import Glibc
import LinuxSystem

/// Inspects the pending signals of threads.
enum PendingSignals {
  /// The signals that ask a program to end, as a bit mask like those in proc_pid_status(5).
  private static let ending: UInt64 = [SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM].reduce(0) { $0 | 1 << UInt64($1 - 1) }

  /// Whether `thread` is gone, or has an unblocked pending signal that asks it to end.
  static func askToEnd(_ thread: pid_t) -> Bool {
    // The thread is in another PID namespace, or there is none, so it cannot be inspected.
    guard thread > 0 else { return true }
    guard let waiting = unblocked("/proc/\(thread)/status") else { return true }
    return waiting & ending != 0
  }

  /// Whether SIGKILL is pending for the thread whose proc_pid_status(5) is at `path`.
  static func includeKill(_ path: String) -> Bool {
    (unblocked(path) ?? 0) & 1 << UInt64(SIGKILL - 1) != 0
  }

  /// The bit mask of the thread's pending signals that it does not block. Nil if the thread is gone.
  private static func unblocked(_ path: String) -> UInt64? {
    guard let text = ProcessFile.text(path) else { return nil }
    var (waiting, blocked) = (UInt64(0), UInt64(0))
    for line in text.split(separator: "\n") {
      let words = line.split(maxSplits: 1, whereSeparator: { $0 == "\t" })
      guard words.count == 2, let bits = UInt64(words[1], radix: 16) else { continue }
      switch words[0] {
      // Pending for this thread, or for its process, in which case any thread may take it.
      case "SigPnd:", "ShdPnd:": waiting |= bits
      case "SigBlk:": blocked = bits
      default: break
      }
    }
    return waiting & ~blocked
  }
}
