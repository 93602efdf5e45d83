import Glibc
import LinuxSystem

/// Standard error of the programs that a library starts.
enum StandardErrorCapture {
  /// The lines that are written to standard error while `body` runs, by whomever. Root starts no program to mount.
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
    // What waits in the pipe, and no more: a program that stays (auto_unmount) has the other end.
    var bytes = [UInt8](repeating: 0, count: 4096)
    _ = fcntl(pipe.readEnd.rawValue, F_SETFL, O_NONBLOCK)
    let count = max(0, read(pipe.readEnd.rawValue, &bytes, bytes.count))
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
