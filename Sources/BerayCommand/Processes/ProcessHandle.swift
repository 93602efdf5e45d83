import CLinux
import Glibc

/// A process that is not a child of this one, by pidfd_open(2): its number may be another's later, and this is not.
final class ProcessHandle: Sendable {
  private let descriptor: Int32

  /// - Returns: nil and errno where there is no such process.
  init?(_ id: pid_t) {
    descriptor = linux_pidfd_open(id)
    if descriptor < 0 { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// - Returns: false and errno where it cannot be sent; a process that has ended takes it.
  func send(_ signal: Int32) -> Bool {
    linux_pidfd_send_signal(descriptor, signal) == 0 || errno == ESRCH
  }

  /// Waits for its end, at most so long; whether it came.
  func hasEnded(within limit: Duration) -> Bool {
    let deadline = ContinuousClock.now + limit
    while true {
      var ended = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let left = max(0, (deadline - .now) / .milliseconds(1))
      let result = poll(&ended, 1, Int32(min(left, 1e9)))
      if result >= 0 { return result > 0 }
    }
  }
}
