internal import CLinux
internal import Glibc
internal import HTTPTypes
internal import Synchronization
internal import SystemPackage

/// A file on its way up: it gathers outside the work directory and takes the place of its target in one rename, so that
/// neither an agent nor another request sees a part of it. One that is not committed leaves nothing behind. Calls block.
///
/// A crash of the server takes nothing of what was committed. A power failure may take the last moments, as it may from
/// the database: to wait for the disk before each rename takes several times as long as to save a tree of small files.
final class FileUpload: Sendable {
  private let work: WorkDirectory
  private let target: RelativePath
  private let temporaryPath: String
  private let file: OwnedDescriptor
  /// One at a time, so that no other upload, or rename, comes between the check of a condition and the rename.
  static let commitLock = Mutex(())

  /// What the client wants of the version that stands there (RFC 9110 §13.1).
  struct Condition: Sendable {
    var ifMatch: String?
    var ifNoneMatch: String?
  }

  init(to target: RelativePath, in work: WorkDirectory) throws {
    guard !target.isRoot else { throw HTTPFailure.conflict("It is a directory: .") }
    self.work = work
    self.target = target
    let name = "upload-\(UInt64.random(in: .min ... .max))"
    temporaryPath = work.temporary + "/" + name
    let path = temporaryPath
    file = try HTTPFailure.translating(target.text) {
      try work.create()
      return try OwnedDescriptor.open(path: path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    }
  }

  deinit { unlink(temporaryPath) }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    try HTTPFailure.translating(target.text) { try file.writeAll(bytes) }
  }

  /// Puts the file in its place and tells its version there.
  func commit(_ condition: Condition) throws -> FileVersion {
    try HTTPFailure.translating(target.text) {
      try work.makeDirectories(target.parent)
      return try Self.commitLock.withLock { _ in
        let (parent, name) = try destination()
        var status = linux_status()
        let exists = linux_lstatat(parent.rawValue, name, &status) == 0
        if exists, status.mode & S_IFMT == S_IFDIR { throw Errno.isDirectory }
        try check(condition, against: exists ? FileVersion(status) : nil)
        let mode = exists && status.mode & S_IFMT == S_IFREG ? status.mode & 0o777 : 0o644
        try checked(fchmod(file.rawValue, mode))
        try checked(renameat(AT_FDCWD, temporaryPath, parent.rawValue, name))
        return FileVersion(try file.status())
      }
    }
  }

  private func check(_ condition: Condition, against version: FileVersion?) throws {
    if let tags = condition.ifMatch, version?.matches(tags, weak: false) != true {
      throw HTTPFailure.isOtherVersion(target)
    }
    if let tags = condition.ifNoneMatch, version?.matches(tags, weak: true) == true {
      throw HTTPFailure(.preconditionFailed, "The file exists already: \(target.text)")
    }
  }

  /// The directory and name to rename to: where the target is a symbolic link, those of the file that it leads to.
  private func destination() throws -> (OwnedDescriptor, String) {
    let parent = try work.openParent(of: target)
    var status = linux_status()
    guard linux_lstatat(parent.rawValue, target.name, &status) == 0,
      status.mode & S_IFMT == S_IFLNK
    else { return (parent, target.name) }
    let resolved = try work.open(target, flags: LINUX_O_PATH)
    let root = try work.open(.root, flags: LINUX_O_PATH | O_DIRECTORY)
    guard let path = resolved.path, let base = root.path, path.utf8.starts(with: (base + "/").utf8),
      let beneath = String(path.utf8.dropFirst(base.utf8.count + 1))
    else { throw Errno.improperLink }
    let real = try RelativePath(beneath)
    return (try work.openParent(of: real), real.name)
  }
}

extension HTTPFailure {
  /// What `If-Match` asked for is not there.
  static func isOtherVersion(_ path: RelativePath) -> HTTPFailure {
    HTTPFailure(.preconditionFailed, "The file is not the version that was asked for: \(path.text)")
  }
}

extension OwnedDescriptor {
  /// Where the kernel says that the file is now (proc(5)).
  fileprivate var path: String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/fd/\(rawValue)", &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
