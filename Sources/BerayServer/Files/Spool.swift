internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// A temporary file outside the work directory that collects uploaded content. It is removed when the last reference is
/// released. Calls block.
///
/// A crash of the server loses nothing that was committed. A power failure may lose the last moments, as in the
/// database: with an fsync(2) after each upload, saving a tree of small files would take several times as long.
final class Spool: Sendable {
  let path: String
  let file: OwnedDescriptor

  init(in directory: String) throws(Errno) {
    path = directory + "/upload-\(UInt64.random(in: .min ... .max))"
    file = try OwnedDescriptor.open(path: path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
  }

  /// Opens a spool that a previous server left behind.
  init(existing path: String) throws(Errno) {
    self.path = path
    file = try OwnedDescriptor.open(path: path, flags: O_RDONLY)
  }

  deinit { unlink(path) }

  /// Copies all of it to the start of another file. Does not truncate that file.
  func copy(to target: OwnedDescriptor) throws(Errno) {
    let size = try file.status().size
    var offset: off_t = 0
    while offset < Int(size) {
      let rest = min(Int(size) - offset, 1 << 30)
      guard try retrying({ sendfile(target.rawValue, file.rawValue, &offset, rest) }) > 0 else { throw .ioError }
    }
  }
}
