import CFuse
import Glibc

/// Standard error of the programs that a library starts.
enum StandardErrorCapture {
  /// The lines that are written to standard error while `body` runs, by whomever. Root starts no program to mount.
  static func lines(_ body: () -> Void) -> [String] {
    var ends: [Int32] = [-1, -1]
    guard geteuid() != 0, pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else {
      body()
      return []
    }
    defer { close(ends[0]) }
    let own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
    guard own >= 0, dup2(ends[1], STDERR_FILENO) >= 0 else {
      for file in [own, ends[1]] where file >= 0 { close(file) }
      body()
      return []
    }
    close(ends[1])
    body()
    dup2(own, STDERR_FILENO)
    close(own)
    // What waits in the pipe, and no more: a program that stays (auto_unmount) has the other end.
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = max(0, read(ends[0], &bytes, bytes.count))
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
