import CFuse
import CGuardian
import Glibc
import SystemPackage

/// Takes FUSE mounts away: as root by umount2(2), else by fusermount3(1).
///
/// A mount is taken away by its path, where another may stand by now: each call looks first, and fails with
/// ``UnmountError/Reason/notMounted`` where the uppermost mount is not the one that was meant.
///
/// The calls block, up to as long as programs take that write back dirty pages.
public struct Unmounter: Sendable {
  public let mount: Mount

  public init(_ mount: Mount) { self.mount = mount }

  /// Unmounts, if nothing uses the mount.
  public func unmount() throws(UnmountError) { try detach(lazily: false) }

  /// Takes the mountpoint away at once; what still uses the mount keeps it until it is done, or the daemon ends.
  public func detach() throws(UnmountError) { try detach(lazily: true) }

  /// Cuts the connection to the daemon: what waits for it fails with `ECONNABORTED`, what comes later with `ENOTCONN`.
  /// The last resort. The mount itself stays.
  /// - Returns: Whether that was possible: the mount must be one's own, and fusectl be mounted or this process be root's.
  @discardableResult
  public func abort() -> Bool {
    let file = guardian_open_control(mount.deviceMinor, "abort", O_WRONLY)
    guard file >= 0 else { return false }
    defer { close(file) }
    return write(file, "1", 1) == 1
  }

  /// Whether ``abort()`` can be expected to work.
  var canAbort: Bool {
    let file = guardian_open_control(mount.deviceMinor, "abort", O_WRONLY)
    if file >= 0 { close(file) }
    return file >= 0
  }

  /// Takes away a mount that nobody serves any more (``MountLiveness/isOver``). Cuts the connection first, which frees
  /// who waits for an answer.
  public func clear() throws(UnmountError) {
    abort()
    do throws(UnmountError) { try detach() } catch {
      // Its guardian was faster.
      if error.reason != .notMounted { throw error }
    }
  }

  /// Detaches and cuts the connection in one go, which needs no fusectl but root.
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
    // fusermount3 tells its reason in words only.
    guard MountTable.current().mounts.contains(mount) else { return }
    let isBusy = message.contains("busy")
    throw UnmountError(mountpoint: mount.mountpoint, reason: isBusy ? .busy : .refused(message))
  }
}

/// Why a mount could not be taken away. The description says what to do.
public struct UnmountError: Error, CustomStringConvertible, Sendable, Hashable {
  public enum Reason: Sendable, Hashable {
    /// Some process has a file open there, or stands in it.
    case busy
    /// Someone else's mount.
    case notPermitted
    /// Nothing is mounted there (any more).
    case notMounted
    /// fusermount3 is not installed, and only root can do without.
    case noHelper
    /// Anything else, in the words of the system.
    case refused(String)
  }

  public var mountpoint: String
  public var reason: Reason

  public init(mountpoint: String, reason: Reason) {
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

  public var description: String {
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
