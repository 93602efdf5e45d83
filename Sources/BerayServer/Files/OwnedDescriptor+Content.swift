internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

extension OwnedDescriptor {
  /// Opens for writing the very inode of a regular file that is open with O_PATH. One that its owner made read only is
  /// opened all the same, and stays so.
  ///
  /// - Parameter flags: besides O_WRONLY.
  func reopenedForWriting(flags: Int32 = 0) throws(Errno) -> OwnedDescriptor {
    // The link in /proc leads to that very inode, whatever stands under the name by now (proc(5)).
    let link = "/proc/self/fd/\(rawValue)"
    do throws(Errno) {
      return try OwnedDescriptor.open(path: link, flags: O_WRONLY | flags)
    } catch {
      let mode = try status().mode & 0o7777
      guard error == .permissionDenied, mode & 0o200 == 0 else { throw error }
      try checked(chmod(link, mode | 0o200))
      let descriptor = Glibc.open(link, O_WRONLY | O_CLOEXEC | flags)
      let failure = errno
      try checked(chmod(link, mode))
      guard descriptor >= 0 else { throw Errno(rawValue: failure) }
      return OwnedDescriptor(owning: descriptor)
    }
  }

  /// The names in a directory, in order of their texts' bytes.
  func entryNames() throws(Errno) -> [EntryName] {
    try rawEntryNames().map(EntryName.init(kernel:)).sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
  }

  /// Sets room aside for a file that is to have `size` bytes, where its file system can.
  /// - Parameter status: of the file.
  func reserve(_ size: Int64, of status: linux_status) throws(Errno) {
    guard size > status.allocated, linux_reserve(rawValue, size) != 0, errno != EOPNOTSUPP else { return }
    throw Errno(rawValue: errno)
  }
}
