import LinuxSystem
import SystemPackage
import VFS

/// Which process a thread belongs to.
enum ThreadGroup {
  /// The thread group of `thread`; nil if there is no such thread, or only a zombie of its process.
  static func of(_ thread: ProcessID) -> ProcessID? {
    // Most threads are the first of their process, and pidfd_open(2) takes only those.
    do throws(Errno) {
      return try ProcessHandle(thread.rawValue).hasEnded(within: .zero) ? nil : thread
    } catch {
      return error == .noSuchProcess ? nil : ofFurther(thread)
    }
  }

  /// The same from `/proc/THREAD/status` (proc_pid_status(5), `Tgid`), which shows zombies too.
  private static func ofFurther(_ thread: ProcessID) -> ProcessID? {
    let line = ProcessFile.text("/proc/\(thread.rawValue)/status")?.split(separator: "\n").first {
      $0.hasPrefix("Tgid:\t")
    }
    return line.flatMap { Int32($0.dropFirst(6)) }.map { ProcessID(rawValue: $0) }
  }
}
