import CFuse
import Glibc
import LinuxSystem
package import VFS

/// Whether a daemon still serves a FUSE mount.
///
/// A killed daemon leaves its mount and its directory in `/sys/fs/fuse/connections` behind, so neither is evidence.
/// Newer kernels show which process has the connection open, as `fuse_connection` in proc_pid_fdinfo(5). But connection
/// numbers are reused, so a child process also accesses the mount. If the daemon hangs, only that child hangs.
package enum MountLiveness: Sendable, Hashable {
  /// A daemon serves the mount. Its process id is nil if it could not be found.
  case live(ProcessID?)
  /// The daemon is gone. Every call fails with `ENOTCONN`, and only an unmount helps.
  case stale
  /// The daemon was killed, but one of its threads hangs in the kernel. Every call hangs too, until the connection is
  /// aborted.
  case dying(ProcessID)

  /// Whether nobody will ever answer again, so that only ``Unmounter/clear()`` helps.
  package var isOver: Bool {
    if case .live = self { return false }
    return true
  }

  /// Checks `mount`. This takes at most two seconds and never hangs.
  package static func of(_ mount: Mount) -> MountLiveness {
    let servers = ServingProcess.all
    let own = servers.filter { $0.connection == mount.deviceMinor }
    // Checked without touching the mount, because accesses to the mount of a dying daemon hang.
    if let dying = own.first, own.allSatisfy(\.isDying) { return .dying(dying.process) }
    // The probe comes first: a process may still have an older connection open that had the same number.
    switch probe(mount.mountpoint) {
    case .notConnected: return .stale
    case .answered: break
    case .silent:
      // Older kernels do not show which connection a process has open.
      let unknown = servers.filter { $0.connection == nil }
      if own.isEmpty, let dying = unknown.first(where: \.isDying), unknown.allSatisfy(\.isDying) {
        return .dying(dying.process)
      }
    }
    let living = Set(own.filter { !$0.isDying }.map(\.process))
    return .live(living.count == 1 ? living.first : nil)
  }

  private enum Answer { case answered, notConnected, silent }

  private static func probe(_ mountpoint: String) -> Answer {
    guard let pipe = try? Pipe() else { return .answered }
    let child = cfuse_probe_file_system(mountpoint, pipe.writeEnd.rawValue)
    pipe.writeEnd.close()
    guard child > 0 else { return .answered }
    let isReadable = (try? pipe.readEnd.isReadable(before: .now + .seconds(2))) ?? false
    let result = isReadable ? (try? pipe.readEnd.readAll(limit: 1))?.first : nil
    let answered = result != nil
    if !answered { kill(child, SIGKILL) }
    // A child that hangs in the kernel is left behind: it can be reaped only when the daemon answers.
    waitpid(child, nil, answered ? 0 : WNOHANG)
    guard let result else { return .silent }
    return Int32(result) == ENOTCONN ? .notConnected : .answered
  }
}
