import VFS

#if canImport(Glibc)
import Glibc
#endif

/// Which process a thread belongs to.
enum ThreadGroup {
  /// The thread group of `thread`, from `/proc/THREAD/status` (proc_pid_status(5), `Tgid`); nil where there is no such
  /// thread.
  static func of(_ thread: ProcessID) -> ProcessID? {
    let descriptor = Glibc.open("/proc/\(thread.rawValue)/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let text = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
    for line in text.split(separator: "\n") where line.hasPrefix("Tgid:") {
      return line.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.flatMap { Int32($0) }.map(ProcessID.init)
    }
    return nil
  }
}
