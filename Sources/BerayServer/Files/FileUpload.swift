internal import CLinux
internal import Glibc
internal import HTTPTypes
internal import LinuxSystem
internal import Synchronization
internal import SystemPackage

/// A whole file on its way up: it gathers in a ``Spool``, then becomes the content of its target, so that no request sees
/// a part of it. One that is not committed leaves nothing behind. Calls block.
///
/// Where a file is there, its content is replaced and the file stays: who has it open goes on with it, as on a local disk.
final class FileUpload: Sendable {
  private let work: WorkDirectory
  private let target: RelativePath
  private let spool: Spool
  /// One at a time, so that no other upload, or rename, comes between the check of a condition and the rename.
  static let commitLock = Mutex(())

  init(to target: RelativePath, in work: WorkDirectory) throws {
    guard !target.isRoot else { throw HTTPFailure.conflict("It is a directory: .") }
    self.work = work
    self.target = target
    spool = try HTTPFailure.translating(target.text) {
      try work.create()
      return try Spool(in: work.temporary)
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    try HTTPFailure.translating(target.text) { try spool.file.writeAll(bytes) }
  }

  /// Makes it the content of its target and tells the version there.
  /// - Throws: ``FileBusy`` if another request writes that file now.
  func commit(_ condition: FileCondition) throws -> FileVersion {
    try HTTPFailure.translating(target.text) {
      while true {
        switch try rewriteWhatIsThere(condition) {
        case .done(let version): return version
        case .replaces: return try rename(replacing: true)
        case .isMissing:
          // Only then: a refused upload leaves no directories.
          try condition.check(nil, target)
          try work.makeDirectories(target.parent)
          do { return try rename(replacing: false) } catch Errno.fileExists { continue }
        }
      }
    }
  }

  private enum Attempt {
    case done(FileVersion)
    /// What is there cannot be written to, so another file takes its name.
    case replaces
    case isMissing
  }

  private func rewriteWhatIsThere(_ condition: FileCondition) throws -> Attempt {
    let place: OwnedDescriptor
    do throws(Errno) { place = try work.open(target, flags: LINUX_O_PATH) } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return .isMissing
    }
    let status = try place.status()
    guard status.mode & S_IFMT != S_IFDIR else { throw Errno.isDirectory }
    guard status.mode & S_IFMT == S_IFREG else {
      try condition.check(work.version(status), target)
      return .replaces
    }
    let lock = work.guards.file(status)
    return try lock.holding {
      let status = try place.status()
      try condition.check(work.version(status), target)
      do throws(Errno) {
        let file = try place.reopenedForWriting()
        try rewrite(file, status, lock)
        work.grain.mark(file)
        return .done(FileVersion(try file.status()))
      } catch {
        // Not ours, a program that runs, or a disk that breaks within: the whole content is here, and takes the name.
        guard [.permissionDenied, .notPermitted, .textFileBusy, .ioError].contains(error) else { throw error }
        return .replaces
      }
    }
  }

  private func rewrite(_ file: OwnedDescriptor, _ status: linux_status, _ lock: FileGuard) throws(Errno) {
    let size = try spool.file.status().size
    // Before anything is written: a full disk must not leave a part of each version.
    try file.reserve(size, of: status)
    let journal = try RewriteJournal(spool, target: target, status: status, task: work.task)
    lock.replaceContent()
    do throws(Errno) {
      try spool.copy(to: file)
      // Also where the size is right by then: an empty content is a change too.
      try checked(ftruncate(file.rawValue, off_t(size)))
    } catch {
      journal.remove()
      throw .ioError
    }
    journal.remove()
  }

  /// Gives the spool the target's name.
  /// - Throws: EEXIST if `replacing` is false and something stands there.
  private func rename(replacing: Bool) throws -> FileVersion {
    try Self.commitLock.withLock { _ in
      let (parent, name) = try destination()
      var status = linux_status()
      let exists = replacing && linux_lstatat(parent.rawValue, name, &status) == 0
      if exists, status.mode & S_IFMT == S_IFDIR { throw Errno.isDirectory }
      let mode = exists && status.mode & S_IFMT == S_IFREG ? status.mode & 0o777 : 0o644
      try checked(fchmod(spool.file.rawValue, mode))
      try checked(
        linux_renameat2(AT_FDCWD, spool.path, parent.rawValue, name, replacing ? 0 : LINUX_RENAME_NOREPLACE))
      work.grain.mark(spool.file)
      return FileVersion(try spool.file.status())
    }
  }

  /// The directory and name to rename to: where the target is a symbolic link, those of the file that it leads to.
  private func destination() throws -> (OwnedDescriptor, [CChar]) {
    let parent = try work.openParent(of: target)
    var status = linux_status()
    guard linux_lstatat(parent.rawValue, target.name, &status) == 0,
      status.mode & S_IFMT == S_IFLNK
    else { return (parent, target.name) }
    let resolved = try work.open(target, flags: LINUX_O_PATH)
    let root = try work.open(.root, flags: LINUX_O_PATH | O_DIRECTORY)
    guard let path = resolved.path, let base = root.path, path.starts(with: base + [UInt8(ascii: "/")]) else {
      throw Errno.improperLink
    }
    let real = RelativePath(kernel: path.dropFirst(base.count + 1))
    return (try work.openParent(of: real), real.name)
  }
}

/// What a client wants of the version that stands there (RFC 9110 §13.1).
struct FileCondition: Sendable {
  var ifMatch: String?
  var ifNoneMatch: String?

  /// - Parameter version: nil if there is none.
  func check(_ version: FileVersion?, _ path: RelativePath) throws(HTTPFailure) {
    if let tags = ifMatch, version?.matches(tags, weak: false) != true {
      throw .isOtherVersion(path)
    }
    if let tags = ifNoneMatch, version?.matches(tags, weak: true) == true {
      throw HTTPFailure(.preconditionFailed, "The file exists already: \(path.text)")
    }
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
  fileprivate var path: [UInt8]? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/fd/\(rawValue)", &buffer, buffer.count)
    guard count > 0 else { return nil }
    return buffer.prefix(count).map(UInt8.init(bitPattern:))
  }
}
