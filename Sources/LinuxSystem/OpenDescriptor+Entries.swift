package import CLinux
internal import Glibc
package import SystemPackage

/// The entries of an open directory. Names are bytes with a final NUL, because they need not be UTF-8.
extension OpenDescriptor where Self: ~Copyable {
  /// Opens an entry (openat(2)). Child processes do not inherit the descriptor.
  /// - Parameters:
  ///   - flags: those of open(2). With O_NOFOLLOW, a symbolic link is an error (`ELOOP`), or is opened itself (O_PATH).
  ///   - mode: of a file that O_CREAT makes, before umask(2).
  package func openEntry(_ name: [CChar], flags: Int32, mode: UInt32 = 0) throws(Errno) -> OwnedDescriptor {
    OwnedDescriptor(owning: try checked(openat(rawValue, name, flags | O_CLOEXEC, mode)))
  }

  /// Opens what `path` leads to, as openat2(2) does with RESOLVE_BENEATH: symbolic links are followed only if they stay
  /// beneath this directory. Child processes do not inherit the descriptor.
  /// - Throws: `EXDEV` if the path leads outside, `ENOSYS` before Linux 5.6, `EAGAIN` if renames raced with each of
  ///   many tries.
  package func openBeneath(_ path: [CChar], flags: Int32) throws(Errno) -> OwnedDescriptor {
    var how = linux_open_how()
    how.flags = UInt64(flags | O_CLOEXEC)
    how.resolve = LINUX_RESOLVE_BENEATH | LINUX_RESOLVE_NO_MAGICLINKS
    for _ in 0..<32 {
      let descriptor = linux_openat2(rawValue, path, &how)
      if descriptor >= 0 { return OwnedDescriptor(owning: descriptor) }
      guard errno == EAGAIN else { break }
    }
    throw Errno(rawValue: errno)
  }

  /// The status of an entry, and of a symbolic link itself (lstat(2)).
  package func status(ofEntry name: [CChar]) throws(Errno) -> linux_status {
    var status = linux_status()
    try checked(linux_lstatat(rawValue, name, &status))
    return status
  }

  /// The target of a symbolic link, without a final NUL (readlinkat(2)). A target beyond `PATH_MAX` is cut.
  package func linkTarget(ofEntry name: [CChar]) throws(Errno) -> [UInt8] {
    var failure: Errno?
    let target = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
      do throws(Errno) { count = try checked(readlinkat(rawValue, name, buffer.baseAddress!, buffer.count)) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return target
  }

  /// Makes a directory (mkdirat(2)).
  /// - Parameter mode: its permissions, before umask(2).
  package func makeDirectory(_ name: [CChar], mode: UInt32) throws(Errno) {
    try checked(mkdirat(rawValue, name, mode))
  }

  /// Removes an entry that is no directory (unlinkat(2)).
  /// - Throws: `EISDIR` if it is a directory.
  package func removeFile(_ name: [CChar]) throws(Errno) { try checked(unlinkat(rawValue, name, 0)) }

  /// Removes an empty directory (rmdir(2)).
  package func removeDirectory(_ name: [CChar]) throws(Errno) { try checked(unlinkat(rawValue, name, AT_REMOVEDIR)) }

  /// Moves an entry into another directory, or gives it another name (renameat2(2)).
  /// - Parameter replacing: whether it may replace an entry. Otherwise a taken name is an error (`EEXIST`).
  package func rename(
    _ name: [CChar], to newName: [CChar], in directory: borrowing some OpenDescriptor & ~Copyable, replacing: Bool
  ) throws(Errno) {
    let flags = replacing ? 0 : LINUX_RENAME_NOREPLACE
    try checked(linux_renameat2(rawValue, name, directory.rawValue, newName, flags))
  }

  /// Moves the file at `path` into this directory (renameat2(2)).
  /// - Parameter replacing: whether it may replace an entry. Otherwise a taken name is an error (`EEXIST`).
  package func moveHere(_ path: String, as name: [CChar], replacing: Bool) throws(Errno) {
    let flags = replacing ? 0 : LINUX_RENAME_NOREPLACE
    try checked(linux_renameat2(AT_FDCWD, path, rawValue, name, flags))
  }
}
