import CFuse
import Glibc
public import VFS

/// Whether somebody still serves a FUSE mount.
///
/// A daemon that was killed leaves its mount behind, and its directory in `/sys/fs/fuse/connections` too, so neither
/// tells. What does: which process has the connection open, told by `fuse_connection` in proc_pid_fdinfo(5) of newer
/// kernels. But a number is used again once its mount is gone, so a child process asks the mount first; it alone waits if
/// the daemon hangs.
public enum MountLiveness: Sendable, Hashable {
  /// Served, by `process` where that could be seen.
  case live(ProcessID?)
  /// The daemon is gone: every call fails with `ENOTCONN`, and only an unmount helps.
  case stale

  /// Finds out how it stands with `mount`. Takes at most two seconds, and never hangs.
  public static func of(_ mount: Mount) -> MountLiveness {
    // Asked first: a process may still hold the connection of an older mount that had the same number.
    if answersNotConnected(mount.mountpoint) { return .stale }
    return .live(server(of: mount))
  }

  /// The process that serves `mount`, as far as this process may look; nil too where another still holds the connection
  /// of an older mount that had the same number.
  static func server(of mount: Mount) -> ProcessID? {
    let marker = "fuse_connection:\t\(mount.deviceMinor)"
    var found: ProcessID?
    for process in names(in: "/proc") {
      guard let number = Int32(process) else { continue }
      for descriptor in names(in: "/proc/\(process)/fd") where isFuseDevice("/proc/\(process)/fd/\(descriptor)") {
        let information = ProcessFile.contents(of: "/proc/\(process)/fdinfo/\(descriptor)") ?? ""
        guard information.split(separator: "\n").contains(Substring(marker)) else { continue }
        guard found == nil || found?.rawValue == number else { return nil }
        found = ProcessID(rawValue: number)
      }
    }
    return found
  }

  private static func isFuseDevice(_ link: String) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { buffer in
      let count = readlink(link, buffer.baseAddress!, buffer.count)
      return count > 0 && buffer[..<count].elementsEqual("/dev/fuse".utf8)
    }
  }

  private static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = Glibc.readdir(stream) {
      names.append(withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) })
    }
    return names
  }

  private static func answersNotConnected(_ mountpoint: String) -> Bool {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { return false }
    let child = cfuse_probe_file_system(mountpoint, ends[1])
    close(ends[1])
    defer { close(ends[0]) }
    guard child > 0 else { return false }
    var waiting = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
    var result: UInt8 = 0
    let answered = Glibc.poll(&waiting, 1, 2000) == 1 && read(ends[0], &result, 1) == 1
    if !answered { kill(child, SIGKILL) }
    // A child that hangs in the kernel is left to it: it can be reaped only when the daemon answers.
    waitpid(child, nil, answered ? 0 : WNOHANG)
    return answered && Int32(result) == ENOTCONN
  }
}
