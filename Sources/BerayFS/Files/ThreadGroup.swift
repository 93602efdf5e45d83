import VFS

#if canImport(Glibc)
import Glibc
#endif

/// Which process a thread belongs to.
enum ThreadGroup {
  /// The thread group of `thread`, from `/proc/THREAD/status` (proc_pid_status(5), `Tgid`); nil where there is no such
  /// thread, or nothing of its process but what its parent has not waited for.
  static func of(_ thread: ProcessID) -> ProcessID? {
    let descriptor = Glibc.open("/proc/\(thread.rawValue)/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // `Threads` stands behind what is told of memory, of which a zombie has none.
    let text = withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
    var (group, isZombie, threads) = (Int32?.none, false, 1)
    for line in text.split(separator: "\n") {
      let words = line.split(maxSplits: 2, whereSeparator: { $0 == "\t" || $0 == " " })
      guard words.count > 1 else { continue }
      switch words[0] {
      case "Tgid:": group = Int32(words[1])
      case "State:": isZombie = ["Z", "X"].contains(words[1])
      case "Threads:": threads = Int(words[1]) ?? 1
      default: break
      }
    }
    // Where the first thread of a process ended and others go on, it is a zombie too.
    guard !isZombie || threads > 1 else { return nil }
    return group.map { ProcessID(rawValue: $0) }
  }
}
