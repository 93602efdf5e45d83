internal import CLinux
internal import Glibc
package import SystemPackage

/// What stat(2) tells of a file, as far as it is looked at here.
package struct FileStatus {
  /// The nine bits of who may do what.
  package let permissions: UInt32
  /// Whether it runs as its owner.
  package let isSetUserID: Bool
  package let user: UInt32
  package let size: Int64
  package let isRegularFile: Bool
  package let isDirectory: Bool
  private let inode: UInt64

  /// Of an open file; nil and errno where there is an error.
  package init?(of descriptor: Int32) {
    var status = linux_status()
    guard linux_fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Of a name itself, not of what a symbolic link leads to; nil and errno where there is an error.
  package init?(of path: FilePath) {
    var status = linux_status()
    guard linux_lstatat(AT_FDCWD, path.string, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Of what a name leads to, over symbolic links; a FIFO is not waited for. Nil and errno where there is an error.
  package init?(behind path: FilePath) {
    let descriptor = open(path.string, LINUX_O_PATH | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    self.init(of: descriptor)
  }

  /// Whether both are of one file, where they are of one directory.
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
