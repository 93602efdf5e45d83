internal import CLinux
internal import Glibc
package import SystemPackage

/// The fields of stat(2) that this program uses.
package struct FileStatus {
  /// The nine permission bits.
  package let permissions: UInt32
  /// Whether the set-user-ID bit is set.
  package let isSetUserID: Bool
  package let user: UInt32
  package let size: Int64
  package let isRegularFile: Bool
  package let isDirectory: Bool
  private let inode: UInt64

  /// The status of an open file. On failure, returns nil and sets errno.
  package init?(of descriptor: Int32) {
    var status = linux_status()
    guard linux_fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The status of `path` without following a symbolic link. On failure, returns nil and sets errno.
  package init?(of path: FilePath) {
    var status = linux_status()
    guard linux_lstatat(AT_FDCWD, path.string, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The status of the file that `path` leads to over symbolic links. Does not wait for a FIFO. On failure, returns nil
  /// and sets errno.
  package init?(behind path: FilePath) {
    let descriptor = open(path.string, LINUX_O_PATH | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    self.init(of: descriptor)
  }

  /// Whether both are the same file. Compares only inode numbers, so both must be in the same directory.
  package func isSame(as other: FileStatus) -> Bool { inode == other.inode }

  private init(_ status: linux_status) {
    permissions = status.mode & 0o777
    isSetUserID = status.mode & 0o4000 != 0
    user = status.owner
    size = status.size
    isRegularFile = status.mode & 0o170000 == 0o100000
    isDirectory = status.mode & 0o170000 == 0o040000
    inode = status.inode
  }
}
