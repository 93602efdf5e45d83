internal import Glibc
package import SystemPackage

/// Files that are replaced as a whole.
package enum WholeFile {
  /// Replaces `path` with a file of mode 0600. Readers see the old or the new content, even after a power failure.
  package static func replace(_ path: FilePath, with bytes: some Sequence<UInt8>) throws(Errno) {
    let above = path.removingLastComponent()
    let new = try TemporaryFile(above.appending(".\(path.lastComponent?.string ?? "file")"))
    do throws(Errno) {
      try checked(fchmod(new.descriptor.rawValue, 0o600))
      try new.descriptor.writeAll(bytes)
      try retrying { fsync(new.descriptor.rawValue) }
      try checked(rename(new.path.string, path.string))
    } catch {
      unlink(new.path.string)
      throw error
    }
    // The content is there. Some file systems cannot sync a directory.
    guard let directory = try? Descriptor.open(path: above.isEmpty ? "." : above.string, flags: O_RDONLY | O_DIRECTORY)
    else { return }
    _ = try? retrying { fsync(directory.rawValue) }
  }
}
