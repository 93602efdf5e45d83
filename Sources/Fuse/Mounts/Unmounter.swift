import CFuse
import CGuardian
import Glibc
import SystemPackage

/// Unmounts FUSE file systems: as root with umount2(2), else with fusermount3(1).
///
/// Unmounting works by path, and another file system may be mounted there by now. So each call checks first, and fails
/// with ``UnmountError/Reason/notMounted`` if the uppermost mount is not the expected one.
///
/// The calls block until dirty pages are written back.
package struct Unmounter: Sendable {
  package let mount: Mount

  package init(_ mount: Mount) { self.mount = mount }

  /// Unmounts, if nothing uses the mount.
  package func unmount() throws(UnmountError) { try detach(lazily: false) }

  /// Removes the mount from its mountpoint at once. Programs that use it keep it until they are done or the daemon
  /// ends.
  package func detach() throws(UnmountError) { try detach(lazily: true) }

  /// Aborts the connection to the daemon. Waiting calls fail with `ECONNABORTED`, later ones with `ENOTCONN`. The mount
  /// itself stays. Use it as a last resort.
  /// - Returns: Whether it succeeded. The mount must belong to this user, and either fusectl is mounted or this process
  ///   runs as root.
  @discardableResult
  package func abort() -> Bool {
    let file = guardian_open_control(mount.deviceMinor, "abort", O_WRONLY)
    guard file >= 0 else { return false }
    defer { close(file) }
    return write(file, "1", 1) == 1
  }

  /// Whether ``abort()`` should work.
  var canAbort: Bool {
    let file = guardian_open_control(mount.deviceMinor, "abort", O_WRONLY)
    if file >= 0 { close(file) }
    return file >= 0
  }

  /// Removes a mount that nobody serves any more (``MountLiveness/isOver``). It aborts the connection first, to free
  /// waiting programs.
  package func clear() throws(UnmountError) {
    abort()
    do throws(UnmountError) { try detach() } catch {
      // The guardian may have unmounted it first.
      if error.reason != .notMounted { throw error }
    }
  }

  /// Detaches and aborts the connection in one call. It needs root, but not fusectl.
  func force() throws(UnmountError) {
    try checkIsUppermost()
    guard umount2(mount.mountpoint, Int32(MNT_FORCE | MNT_DETACH)) == 0 else {
      throw UnmountError(mountpoint: mount.mountpoint, errno: errno)
    }
  }

  private func checkIsUppermost() throws(UnmountError) {
    let uppermost = MountTable.current().mounts.last { $0.mountpoint == mount.mountpoint }
    guard uppermost?.deviceMinor == mount.deviceMinor else {
      throw UnmountError(mountpoint: mount.mountpoint, reason: .notMounted)
    }
  }

  private func detach(lazily: Bool) throws(UnmountError) {
    try checkIsUppermost()
    if geteuid() == 0 {
      let flags = UMOUNT_NOFOLLOW | (lazily ? MNT_DETACH : 0)
      guard umount2(mount.mountpoint, Int32(flags)) == 0 else {
        throw UnmountError(mountpoint: mount.mountpoint, errno: errno)
      }
      return
    }
    let message: String
    do throws(Errno) {
      message = try HelperProgram.fusermount.run([lazily ? "-uz" : "-u", "--", mount.mountpoint])
    } catch {
      throw UnmountError(mountpoint: mount.mountpoint, reason: .noHelper)
    }
    // fusermount3 reports the reason only as text.
    guard MountTable.current().mounts.contains(mount) else { return }
    let isBusy = message.contains("busy")
    throw UnmountError(mountpoint: mount.mountpoint, reason: isBusy ? .busy : .refused(message))
  }
}

/// Why a mount could not be removed. The description says what to do.
package struct UnmountError: Error, CustomStringConvertible, Sendable, Hashable {
  package enum Reason: Sendable, Hashable {
    /// A process has a file open there or has its working directory there.
    case busy
    /// The mount belongs to another user.
    case notPermitted
    /// The expected mount is not at the mountpoint, or no longer.
    case notMounted
    /// fusermount3 is not installed, and this process is not root.
    case noHelper
    /// Another reason, in the words of the system.
    case refused(String)
  }

  package var mountpoint: String
  package var reason: Reason

  package init(mountpoint: String, reason: Reason) {
    self.mountpoint = mountpoint
    self.reason = reason
  }

  init(mountpoint: String, errno: Int32) {
    let reason: Reason =
      switch errno {
      case EBUSY: .busy
      case EPERM, EACCES: .notPermitted
      case EINVAL, ENOENT: .notMounted
      default: .refused(String(cString: strerror(errno)))
      }
    self.init(mountpoint: mountpoint, reason: reason)
  }

  package var description: String {
    switch reason {
    case .busy:
      "\(mountpoint) is busy: leave it in every shell and close its files (`fuser -vm \(mountpoint)` lists who uses it)"
    case .notPermitted:
      "\(mountpoint) was mounted by another user: unmount it as that user or as root"
    case .notMounted:
      "nothing is mounted at \(mountpoint)"
    case .noHelper:
      "fusermount3 was not found: install fuse3 (`apt install fuse3`), or unmount \(mountpoint) as root"
    case .refused(let message):
      "\(mountpoint) could not be unmounted: \(message)"
    }
  }
}
