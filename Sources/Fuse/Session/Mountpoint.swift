import CFuse
import Glibc
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
    let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw .failed("\(path): \(String(cString: strerror(errno)))") }
    defer { close(directory) }
    try lock(directory, path)
    try checkIsFree(path)
    let isClosed = Self.isClosed(directory)
    // fusermount3 requires a writable directory. The descriptor refers to the directory beneath the mount.
    if isClosed { fchmod(directory, 0o700) }
    defer { if isClosed { fchmod(directory, 0o500) } }
    try mount()
    return MountTable.current().mount(at: path)
  }

  /// Whether it is a read-only directory of this user. This program creates its mountpoints so.
  private static func isClosed(_ directory: Int32) -> Bool {
    var status = stat()
    return fstat(directory, &status) == 0 && status.st_uid == geteuid() && status.st_mode & 0o777 == 0o500
  }

  /// Locks the directory. The wait is limited, because anyone who can open the directory can lock it.
  private static func lock(_ directory: Int32, _ path: String) throws(MountError) {
    let deadline = ContinuousClock.now + .seconds(5)
    while flock(directory, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else {
        throw .failed("\(path): \(String(cString: strerror(errno)))")
      }
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
    guard let stream = opendir(path) else {
      switch errno {
      case ENOENT: throw .noMountpoint(path)
      case ENOTDIR: throw .notDirectory(path)
      case EACCES, EPERM: throw .mountpointNotPermitted(path)
      default: throw .failed("\(path): \(String(cString: strerror(errno)))")
      }
    }
    defer { closedir(stream) }
    guard access(path, W_OK) == 0 || Self.isClosed(dirfd(stream)) else { throw .mountpointNotPermitted(path) }
    while let entry = Glibc.readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
      if name != ".", name != ".." { throw .notEmpty(path) }
    }
  }

  private func checkDevice() throws(MountError) {
    guard access("/dev/fuse", F_OK) == 0 else { throw .noDevice }
    if geteuid() != 0 {
      guard access("/dev/fuse", R_OK | W_OK) == 0 else { throw .deviceNotPermitted }
      guard HelperProgram.fusermount.path != nil else { throw .noHelper }
    }
  }
}
