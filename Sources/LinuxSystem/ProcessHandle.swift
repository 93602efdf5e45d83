internal import CLinux
internal import Glibc
package import SystemPackage

/// A process by pidfd_open(2): its number may be another's later, and this is not.
package struct ProcessHandle: Sendable {
  /// Polls readable once the process has ended.
  package let descriptor: OwnedDescriptor

  /// - Throws: `ESRCH` if there is no such process.
  package init(_ process: Int32) throws(Errno) {
    descriptor = OwnedDescriptor(owning: try checked(linux_pidfd_open(process)))
  }

  /// Sends a signal; a process that has ended takes it.
  package func send(_ signal: Int32) throws(Errno) {
    if linux_pidfd_send_signal(descriptor.rawValue, signal) == 0 || errno == ESRCH { return }
    throw Errno(rawValue: errno)
  }

  /// Waits for its end, at most so long; whether it came.
  package func hasEnded(within limit: Duration) -> Bool {
    (try? descriptor.isReadable(before: .now + limit)) ?? false
  }

  /// Waits for the end of a child (waitpid(2)).
  /// - Returns: its wait status.
  @discardableResult
  package static func reap(_ child: Int32) -> Int32 {
    var status: Int32 = 0
    _ = try? retrying { waitpid(child, &status, 0) }
    return status
  }
}
