import CFuse
import Glibc
import LinuxSystem
public import VFS

/// Whether somebody still serves a FUSE mount.
///
/// A daemon that was killed leaves its mount behind, and its directory in `/sys/fs/fuse/connections` too, so neither
/// tells. What does: which process has the connection open, told by `fuse_connection` in proc_pid_fdinfo(5) of newer
/// kernels. But a number is used again once its mount is gone, so a child process asks the mount too; it alone waits if
/// the daemon hangs.
public enum MountLiveness: Sendable, Hashable {
  /// Served, by `process` where that could be seen.
  case live(ProcessID?)
  /// The daemon is gone: every call fails with `ENOTCONN`, and only an unmount helps.
  case stale
  /// The daemon was killed, and one of its threads hangs in the kernel: every call hangs too, until the connection is cut.
  case dying(ProcessID)

  /// Whether nobody will answer any more, so that ``Unmounter/clear()`` is all that helps.
  public var isOver: Bool {
    if case .live = self { return false }
    return true
  }

  /// Finds out how it stands with `mount`. Takes at most two seconds, and never hangs.
  public static func of(_ mount: Mount) -> MountLiveness {
    let servers = ServingProcess.all
    let own = servers.filter { $0.connection == mount.deviceMinor }
    // Not asked: whoever touches the mount of a dying daemon hangs.
    if let dying = own.first, own.allSatisfy(\.isDying) { return .dying(dying.process) }
    // Asked first: a process may still hold the connection of an older mount that had the same number.
    switch probe(mount.mountpoint) {
    case .notConnected: return .stale
    case .answered: break
    case .silent:
      // An older kernel does not tell whose connection a process holds.
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
    // A child that hangs in the kernel is left to it: it can be reaped only when the daemon answers.
    waitpid(child, nil, answered ? 0 : WNOHANG)
    guard let result else { return .silent }
    return Int32(result) == ENOTCONN ? .notConnected : .answered
  }
}
