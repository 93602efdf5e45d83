import Glibc
import VFS

/// The directory that a file system is about to be mounted on.
struct Mountpoint {
  /// Absolute, symbolic links resolved.
  let path: String

  /// Looks whether a mount at `path` can succeed, so that the reason can be told in words.
  init(checking path: String) throws(MountError) {
    let table = MountTable.current()
    self.path = table.canonical(path)
    // Before anything touches the path: a dead mount would answer ENOTCONN, and a hung one never.
    if let mount = table.mount(at: self.path), mount.isBerayFS {
      switch MountLiveness.of(mount) {
      case .live(let process):
        throw .alreadyMounted(self.path, source: mount.source, process: process?.rawValue)
      case .stale:
        throw .stale(self.path)
      }
    }
    try checkDirectory()
    try checkDevice()
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
    while let entry = Glibc.readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
      if name != ".", name != ".." { throw .notEmpty(path) }
    }
    guard access(path, W_OK) == 0 else { throw .mountpointNotPermitted(path) }
  }

  private func checkDevice() throws(MountError) {
    guard access("/dev/fuse", F_OK) == 0 else { throw .noDevice }
    if geteuid() != 0 {
      guard access("/dev/fuse", R_OK | W_OK) == 0 else { throw .deviceNotPermitted }
      guard HelperProgram.fusermount.path != nil else { throw .noHelper }
    }
  }
}
