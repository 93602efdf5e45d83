import Glibc
public import VFS

/// Which process a thread belongs to.
public enum ThreadGroup {
  /// The process of `thread`: `Tgid` of proc_pid_status(5).
  /// - Returns: nil where the thread is gone, cannot be seen from here (another PID namespace) or is not told (0).
  public static func of(_ thread: ProcessID) -> ProcessID? {
    guard thread.rawValue > 0, let status = ProcessFile.contents(of: "/proc/\(thread.rawValue)/status") else {
      return nil
    }
    for line in status.split(separator: "\n") where line.hasPrefix("Tgid:") {
      return Int32(line.dropFirst(5).drop { $0 == "\t" || $0 == " " }).map(ProcessID.init(rawValue:))
    }
    return nil
  }
}

/// Small files that the kernel makes up, such as those of proc(5).
enum ProcessFile {
  /// The whole file, or nil with errno set.
  static func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while true {
      let count = withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { buffer in
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
        return count
      }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      if count < 0, errno != EINTR { return nil }
    }
  }

  /// Writes `text` in one call.
  /// - Returns: Whether it was taken; else errno is set.
  static func write(_ text: String, to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    return Glibc.write(descriptor, bytes, bytes.count) == bytes.count
  }
}
