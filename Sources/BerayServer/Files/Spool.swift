internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// A content on its way up, as a file outside the work directory. Its last reference removes it. Calls block.
///
/// A crash of the server takes nothing of what was committed. A power failure may take the last moments, as it may from
/// the database: to wait for the disk after each upload takes several times as long as to save a tree of small files.
final class Spool: Sendable {
  let path: String
  let file: OwnedDescriptor

  init(in directory: String) throws(Errno) {
    path = directory + "/upload-\(UInt64.random(in: .min ... .max))"
    file = try OwnedDescriptor.open(path: path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
  }

  /// One that a server before this one left behind.
  init(existing path: String) throws(Errno) {
    self.path = path
    file = try OwnedDescriptor.open(path: path, flags: O_RDONLY)
  }

  deinit { unlink(path) }

  /// Copies all of it to the start of another file, which keeps what it has behind that.
  func copy(to target: OwnedDescriptor) throws(Errno) {
    let size = try file.status().size
    var offset: off_t = 0
    while offset < Int(size) {
      let rest = min(Int(size) - offset, 1 << 30)
      guard try retrying({ sendfile(target.rawValue, file.rawValue, &offset, rest) }) > 0 else { throw .ioError }
    }
  }
}
