internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

extension OwnedDescriptor {
  /// Opens the same inode of a regular file, which is open with O_PATH, for writing. A file that its owner made
  /// read-only is opened too, and stays read-only.
  ///
  /// - Parameter flags: flags in addition to O_WRONLY.
  func reopenedForWriting(flags: Int32 = 0) throws(Errno) -> OwnedDescriptor {
    let link = procPath
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

  /// Returns the names in a directory, sorted by the bytes of their text.
  func entryNames() throws(Errno) -> [EntryName] {
    try rawEntryNames().map(EntryName.init(kernel:)).sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
  }

  /// Reserves space for a file that will have `size` bytes, if the file system supports that.
  /// - Parameter status: the current status of the file.
  func reserve(_ size: Int64, of status: linux_status) throws(Errno) {
    guard size > status.allocated, linux_reserve(rawValue, size) != 0, errno != EOPNOTSUPP else { return }
    throw Errno(rawValue: errno)
  }
}
