/// Why a file system could not be mounted. The description says what to do.
package enum MountError: Error, CustomStringConvertible, Sendable, Hashable {
  case noDevice
  case deviceNotPermitted
  case noHelper
  case noMountpoint(String)
  case notDirectory(String)
  case notEmpty(String)
  case mountpointNotPermitted(String)
  /// A file system of this program is mounted there and served by `process`, if known.
  case alreadyMounted(String, source: String, process: Int32?)
  /// A file system of this program is mounted there, but its daemon is gone.
  case stale(String)
  /// libfuse, fusermount3 or the kernel refused; the text is theirs.
  case failed(String)

  package var description: String {
    switch self {
    case .noDevice:
      "/dev/fuse is missing: load the kernel module (`modprobe fuse` as root); in a container, start it with "
        + "`--device /dev/fuse --cap-add SYS_ADMIN`"
    case .deviceNotPermitted:
      "/dev/fuse may not be opened: its mode should be 0666 (`chmod 666 /dev/fuse` as root)"
    case .noHelper:
      "fusermount3 was not found, and only root can mount without it: install fuse3 (`apt install fuse3`)"
    case .noMountpoint(let path):
      "\(path) does not exist: make it (`mkdir -p \(path)`)"
    case .notDirectory(let path):
      "\(path) is not a directory: choose another mountpoint"
    case .notEmpty(let path):
      "\(path) is not empty, and mounting there would hide its files: choose an empty directory"
    case .mountpointNotPermitted(let path):
      "\(path) may not be used: the mountpoint must belong to you and be writable"
    case .alreadyMounted(let path, let source, let process):
      "\(path) is already a mount of \(source)\(process.map { " (process \($0))" } ?? ""): unmount it first "
        + "(`beray-fs unmount \(path)`)"
    case .stale(let path):
      "\(path) is a mount whose process is gone: clear it with `beray-fs unmount \(path)` or `fusermount3 -uz \(path)`"
    case .failed(let message):
      "the mount failed: \(message)"
    }
  }
}
