import Glibc
import LinuxSystem

/// The signals that wait for a thread.
enum PendingSignals {
  /// Hang-up, interrupt, quit, kill and terminate, a bit each as in proc_pid_status(5).
  private static let ending: UInt64 = [SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM].reduce(0) { $0 | 1 << UInt64($1 - 1) }

  /// Whether `thread` is gone, or got a signal that asks it to end and that it does not block.
  static func askToEnd(_ thread: pid_t) -> Bool {
    // Of another namespace, or of nobody: it cannot be asked.
    guard thread > 0 else { return true }
    guard let waiting = unblocked("/proc/\(thread)/status") else { return true }
    return waiting & ending != 0
  }

  /// Whether the thread whose proc_pid_status(5) is at `path` was sent SIGKILL and has not ended yet.
  static func includeKill(_ path: String) -> Bool {
    (unblocked(path) ?? 0) & 1 << UInt64(SIGKILL - 1) != 0
  }

  /// The signals that are pending for a thread and that it does not block, a bit each; nil if it is gone.
  private static func unblocked(_ path: String) -> UInt64? {
    guard let text = ProcessFile.text(path) else { return nil }
    var (waiting, blocked) = (UInt64(0), UInt64(0))
    for line in text.split(separator: "\n") {
      let words = line.split(maxSplits: 1, whereSeparator: { $0 == "\t" })
      guard words.count == 2, let bits = UInt64(words[1], radix: 16) else { continue }
      switch words[0] {
      // Its own, and those of its process, which any thread may take.
      case "SigPnd:", "ShdPnd:": waiting |= bits
      case "SigBlk:": blocked = bits
      default: break
      }
    }
    return waiting & ~blocked
  }
}
