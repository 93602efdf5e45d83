import CLinux
import VFS

#if canImport(Glibc)
import Glibc
#endif

/// Which process a thread belongs to.
enum ThreadGroup {
  /// The thread group of `thread`; nil if there is no such thread, or only a zombie of its process.
  static func of(_ thread: ProcessID) -> ProcessID? {
    // Most threads are the first of their process, and pidfd_open(2) takes only those.
    let process = linux_pidfd_open(thread.rawValue)
    guard process >= 0 else { return errno == ESRCH ? nil : ofFurther(thread) }
    defer { close(process) }
    // Readable once all of its threads have ended.
    var end = pollfd(fd: process, events: Int16(POLLIN), revents: 0)
    return poll(&end, 1, 0) > 0 ? nil : thread
  }

  /// The same from `/proc/THREAD/status` (proc_pid_status(5), `Tgid`), which shows zombies too.
  private static func ofFurther(_ thread: ProcessID) -> ProcessID? {
    let descriptor = open("/proc/\(thread.rawValue)/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let text = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      String(decoding: buffer[..<max(0, read(descriptor, buffer.baseAddress, buffer.count))], as: UTF8.self)
    }
    let line = text.split(separator: "\n").first { $0.hasPrefix("Tgid:\t") }
    return line.flatMap { Int32($0.dropFirst(6)) }.map { ProcessID(rawValue: $0) }
  }
}
