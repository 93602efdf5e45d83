import CFuse
import Glibc
import LinuxSystem
import SystemPackage
import VFS

/// A directory on which to mount a file system.
struct Mountpoint {
  /// The absolute path, with symbolic links resolved.
  let path: String

  /// Checks whether a mount at `path` can succeed, to give a clear reason if not.
  init(checking path: String) throws(MountError) {
    self.path = MountTable.current().canonical(path)
    // Checked before anything touches the path: a dead mount answers ENOTCONN, and a hung one never answers.
    try Self.checkIsFree(self.path)
    try checkDirectory()
    try checkDevice()
  }

  /// Runs `mount` while holding a lock on the directory. Otherwise two processes that start together would both find it
  /// free.
  /// - Returns: the new mount; nil if it is not in the mount table.
  static func mounting(at path: String, by mount: () throws(MountError) -> Void) throws(MountError) -> Mount? {
    // The lock is on the directory beneath the mount. A later process opens the mounted one instead and finds the
    // mount.
    let directory = try open(path) { failed(path, $0) }
    try lock(directory, path)
    try checkIsFree(path)
    let isClosed = Self.isClosed(directory)
    // fusermount3 requires a writable directory. The descriptor refers to the directory beneath the mount.
    if isClosed { fchmod(directory.rawValue, 0o700) }
    defer { if isClosed { fchmod(directory.rawValue, 0o500) } }
    try mount()
    return MountTable.current().mount(at: path)
  }

  /// Whether it is a read-only directory of this user. This program creates its mountpoints so.
  private static func isClosed(_ directory: borrowing Descriptor) -> Bool {
    FileStatus(of: directory.rawValue).map { $0.user == geteuid() && $0.permissions == 0o500 } ?? false
  }

  /// Locks the directory. The wait is limited, because anyone who can open the directory can lock it.
  private static func lock(_ directory: borrowing Descriptor, _ path: String) throws(MountError) {
    let deadline = ContinuousClock.now + .seconds(5)
    while true {
      do throws(Errno) { if try directory.tryLock() { return } } catch { throw failed(path, error) }
      guard ContinuousClock.now < deadline else {
        throw .failed("\(path): another process holds a lock on the directory (flock); end it, or mount elsewhere")
      }
      poll(nil, 0, 50)
    }
  }

  private static func checkIsFree(_ path: String) throws(MountError) {
    guard let mount = MountTable.current().mount(at: path), mount.isBerayFS else { return }
    switch MountLiveness.of(mount) {
    case .live(let process): throw .alreadyMounted(path, source: mount.source, process: process?.rawValue)
    case .stale, .dying: throw .stale(path)
    }
  }

  private func checkDirectory() throws(MountError) {
    let directory = try Self.open(path) { code in
      switch code {
      case .noSuchFileOrDirectory: .noMountpoint(path)
      case .notDirectory: .notDirectory(path)
      case .permissionDenied, .notPermitted: .mountpointNotPermitted(path)
      default: Self.failed(path, code)
      }
    }
    guard access(path, W_OK) == 0 || Self.isClosed(directory) else { throw .mountpointNotPermitted(path) }
    guard (try? directory.isEmptyDirectory()) != false else { throw .notEmpty(path) }
  }

  private static func open(
    _ path: String, failure: (Errno) -> MountError
  ) throws(MountError) -> Descriptor {
    do throws(Errno) { return try Descriptor.open(path: path, flags: O_RDONLY | O_DIRECTORY) } catch {
      throw failure(error)
    }
  }

  private static func failed(_ path: String, _ code: Errno) -> MountError {
    .failed("\(path): \(String(cString: strerror(code.rawValue)))")
  }

  private func checkDevice() throws(MountError) {
    guard access("/dev/fuse", F_OK) == 0 else { throw .noDevice }
    if geteuid() != 0 {
      guard access("/dev/fuse", R_OK | W_OK) == 0 else { throw .deviceNotPermitted }
      guard HelperProgram.fusermount.path != nil else { throw .noHelper }
    }
  }
}
