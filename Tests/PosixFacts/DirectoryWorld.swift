import CLinux
import Glibc
package import SystemPackage
package import VFS

/// A directory of the system, which may be one of a mount. Calls block.
package struct DirectoryWorld: PosixWorld {
  private let root: String

  package init(_ root: String) { self.root = root }

  private func full(_ path: String) -> String { path.isEmpty ? root : root + "/" + path }

  @discardableResult
  private func checked<Result: SignedInteger>(_ body: () -> Result) throws(Errno) -> Result {
    let result = body()
    guard result >= 0 else { throw Errno(rawValue: errno) }
    return result
  }

  package func open(
    _ path: String, _ flags: OpenFlags, creating permissions: UInt16?
  ) async throws(Errno) -> Descriptor {
    var bits = flags.contains(.write) ? (flags.contains(.read) ? O_RDWR : O_WRONLY) : O_RDONLY
    if flags.contains(.append) { bits |= O_APPEND }
    if flags.contains(.truncate) { bits |= O_TRUNC }
    if flags.contains(.exclusive) { bits |= O_EXCL }
    if permissions != nil { bits |= O_CREAT }
    let path = full(path)
    return Descriptor(number: Int(try checked { Glibc.open(path, bits | O_CLOEXEC, mode_t(permissions ?? 0)) }))
  }

  package func close(_ descriptor: Descriptor) async throws(Errno) {
    try checked { Glibc.close(CInt(descriptor.number)) }
  }

  package func read(_ descriptor: Descriptor, at offset: Int64, count: Int) async throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = try checked { pread(CInt(descriptor.number), &bytes, count, off_t(offset)) }
    return Array(bytes.prefix(got))
  }

  package func write(_ descriptor: Descriptor, _ bytes: [UInt8], at offset: Int64?) async throws(Errno) {
    let count = try checked {
      if let offset { return pwrite(CInt(descriptor.number), bytes, bytes.count, off_t(offset)) }
      return Glibc.write(CInt(descriptor.number), bytes, bytes.count)
    }
    guard count == bytes.count else { throw .ioError }
  }

  package func fsync(_ descriptor: Descriptor) async throws(Errno) {
    try checked { Glibc.fsync(CInt(descriptor.number)) }
  }

  package func fstat(_ descriptor: Descriptor) async throws(Errno) -> Attributes {
    var status = Glibc.stat()
    try checked { Glibc.fstat(CInt(descriptor.number), &status) }
    return Attributes(status)
  }

  package func ftruncate(_ descriptor: Descriptor, to size: Int64) async throws(Errno) {
    try checked { Glibc.ftruncate(CInt(descriptor.number), off_t(size)) }
  }

  package func stat(_ path: String) async throws(Errno) -> Attributes {
    var status = Glibc.stat()
    try checked { lstat(full(path), &status) }
    return Attributes(status)
  }

  package func truncate(_ path: String, to size: Int64) async throws(Errno) {
    try checked { Glibc.truncate(full(path), off_t(size)) }
  }

  package func chmod(_ path: String, _ permissions: UInt16) async throws(Errno) {
    try checked { Glibc.chmod(full(path), mode_t(permissions)) }
  }

  package func setTimes(_ path: String, accessed: Timestamp?, modified: Timestamp?) async throws(Errno) {
    // UTIME_OMIT of sys/stat.h, which Swift does not see.
    let omit = timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2)
    let times = [accessed, modified].map { time in
      time.map { timespec(tv_sec: time_t($0.seconds), tv_nsec: Int($0.nanoseconds)) } ?? omit
    }
    try checked { utimensat(AT_FDCWD, full(path), times, 0) }
  }

  package func mkdir(_ path: String, permissions: UInt16) async throws(Errno) {
    try checked { Glibc.mkdir(full(path), mode_t(permissions)) }
  }

  package func rmdir(_ path: String) async throws(Errno) { try checked { Glibc.rmdir(full(path)) } }
  package func unlink(_ path: String) async throws(Errno) { try checked { Glibc.unlink(full(path)) } }

  package func rename(_ path: String, to newPath: String, _ flags: RenameFlags) async throws(Errno) {
    try checked { linux_renameat2(AT_FDCWD, full(path), AT_FDCWD, full(newPath), flags.rawValue) }
  }

  package func list(_ path: String) async throws(Errno) -> [String] {
    guard let directory = opendir(full(path)) else { throw Errno(rawValue: errno) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

extension Attributes {
  fileprivate init(_ status: stat) {
    let kind: FileKind =
      switch status.st_mode & S_IFMT {
      case S_IFDIR: .directory
      case S_IFLNK: .symbolicLink
      default: .regular
      }
    func time(_ time: timespec) -> Timestamp {
      Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }
    self.init(
      inode: InodeID(rawValue: UInt64(status.st_ino)), kind: kind, permissions: UInt16(status.st_mode & 0o7777),
      linkCount: UInt32(status.st_nlink), user: status.st_uid, group: status.st_gid, size: Int64(status.st_size),
      accessed: time(status.st_atim), modified: time(status.st_mtim), changed: time(status.st_ctim))
  }
}
