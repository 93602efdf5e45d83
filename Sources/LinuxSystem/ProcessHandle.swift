internal import CLinux
internal import Glibc
package import SystemPackage

/// A handle on a process, by pidfd_open(2). Unlike a process id, it never comes to mean another process.
package struct ProcessHandle: Sendable {
  /// Becomes readable once the process has ended.
  package let descriptor: OwnedDescriptor

  /// - Throws: `ESRCH` if there is no such process.
  package init(_ process: Int32) throws(Errno) {
    descriptor = OwnedDescriptor(owning: try checked(linux_pidfd_open(process)))
  }

  /// Sends a signal. Does nothing if the process has ended.
  package func send(_ signal: Int32) throws(Errno) {
    if linux_pidfd_send_signal(descriptor.rawValue, signal) == 0 || errno == ESRCH { return }
    throw Errno(rawValue: errno)
  }

  /// Waits for the process to end, but not longer than `limit`. Returns whether it has ended.
  package func hasEnded(within limit: Duration) -> Bool {
    (try? descriptor.isReadable(before: .now + limit)) ?? false
  }

  /// Waits for the end of a child (waitpid(2)).
  @discardableResult
  package static func reap(_ child: Int32) -> WaitStatus {
    var status: Int32 = 0
    _ = try? retrying { waitpid(child, &status, 0) }
    return WaitStatus(status)
  }
}
