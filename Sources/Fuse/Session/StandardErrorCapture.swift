import Glibc
import LinuxSystem

/// Captures the standard error of programs that a library starts.
enum StandardErrorCapture {
  /// Returns the lines that anything in this process writes to standard error while `body` runs. Empty for root, who
  /// mounts without a helper program.
  static func lines(_ body: () -> Void) -> [String] {
    guard geteuid() != 0, let pipe = try? Pipe() else {
      body()
      return []
    }
    let own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
    guard own >= 0, dup2(pipe.writeEnd.rawValue, STDERR_FILENO) >= 0 else {
      if own >= 0 { close(own) }
      body()
      return []
    }
    pipe.writeEnd.close()
    body()
    dup2(own, STDERR_FILENO)
    close(own)
    // Read only what is in the pipe now: a helper that keeps running (auto_unmount) holds the other end open.
    var bytes = [UInt8](repeating: 0, count: 4096)
    _ = fcntl(pipe.readEnd.rawValue, F_SETFL, O_NONBLOCK)
    let count = max(0, read(pipe.readEnd.rawValue, &bytes, bytes.count))
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
