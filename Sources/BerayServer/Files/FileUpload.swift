internal import CLinux
internal import Glibc
internal import HTTPTypes
internal import LinuxSystem
internal import Synchronization
internal import SystemPackage

/// An upload of a whole file. It is collected in a ``Spool`` and then becomes the content of its target, so no request
/// sees a part of it. An upload that is not committed leaves nothing behind. Calls block.
///
/// If the target exists, its content is replaced in the same inode: programs that have it open see the new content, as
/// on a local disk.
final class FileUpload: Sendable {
  private let work: AgentDirectory
  private let target: RelativePath
  private let spool: Spool
  /// Serializes renames, so that nothing changes between the check of a condition and the rename.
  static let commitLock = Mutex(())

  init(to target: RelativePath, in work: AgentDirectory) throws {
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

  /// Makes it the content of its target and returns the new version.
  /// - Throws: ``FileBusy`` if another request is writing the file.
  func commit(_ condition: FileCondition) throws -> StoredVersion {
    try HTTPFailure.translating(target.text) {
      while true {
        switch try rewriteWhatIsThere(condition) {
        case .done(let version): return version
        case .replaces: return try rename(replacing: true)
        case .isMissing:
          // Create directories only after the check, so that a refused upload leaves none behind.
          try condition.check(nil, target)
          try work.makeDirectories(target.parent)
          do { return try rename(replacing: false) } catch Errno.fileExists { continue }
        }
      }
    }
  }

  private enum Attempt {
    case done(StoredVersion)
    /// The existing entry cannot be written to, so the upload takes its name.
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
        return .done(StoredVersion(try file.status()))
      } catch {
        // The file is not ours, is a running program, or broke while being written. The spool still has the whole
        // content, so it takes the name.
        guard [.permissionDenied, .notPermitted, .textFileBusy, .ioError].contains(error) else { throw error }
        return .replaces
      }
    }
  }

  private func rewrite(_ file: OwnedDescriptor, _ status: linux_status, _ lock: FileGuard) throws(Errno) {
    let size = try spool.file.status().size
    // Reserve space before writing anything, so that a full disk does not leave a mix of two versions.
    try file.reserve(size, of: status)
    let journal = try RewriteJournal(spool, target: target, status: status, task: work.task)
    lock.replaceContent()
    do throws(Errno) {
      try spool.copy(to: file)
      // Needed even if the size is already right: writing an empty content must update the times too.
      try checked(ftruncate(file.rawValue, off_t(size)))
    } catch {
      journal.remove()
      throw .ioError
    }
    journal.remove()
  }

  /// Gives the spool the target's name.
  /// - Throws: EEXIST if `replacing` is false and the name is taken.
  private func rename(replacing: Bool) throws -> StoredVersion {
    try Self.commitLock.withLock { _ in
      let (parent, name) = try destination()
      let status = replacing ? try? parent.status(ofEntry: name) : nil
      if let status, status.mode & S_IFMT == S_IFDIR { throw Errno.isDirectory }
      let mode = status.flatMap { $0.mode & S_IFMT == S_IFREG ? $0.mode & 0o777 : nil } ?? 0o644
      try checked(fchmod(spool.file.rawValue, mode))
      try parent.moveHere(spool.path, as: name, replacing: replacing)
      work.grain.mark(spool.file)
      return StoredVersion(try spool.file.status())
    }
  }

  /// The directory and name to rename to. If the target is a symbolic link, these are those of the file it points to.
  private func destination() throws -> (OwnedDescriptor, [CChar]) {
    let parent = try work.openParent(of: target)
    guard let status = try? parent.status(ofEntry: target.name), status.mode & S_IFMT == S_IFLNK else {
      return (parent, target.name)
    }
    let resolved = try work.open(target, flags: LINUX_O_PATH)
    let root = try work.open(.root, flags: LINUX_O_PATH | O_DIRECTORY)
    // The current paths according to the kernel.
    guard let path = ProcessFile.linkBytes(resolved.procPath), let base = ProcessFile.linkBytes(root.procPath),
      path.starts(with: base + [UInt8(ascii: "/")])
    else { throw Errno.improperLink }
    let real = RelativePath(kernel: path.dropFirst(base.count + 1))
    return (try work.openParent(of: real), real.name)
  }
}

/// The preconditions of a request on the current version of a file (RFC 9110 §13.1).
struct FileCondition: Sendable {
  var ifMatch: String?
  var ifNoneMatch: String?

  /// - Parameter version: the current version; nil if there is no file.
  func check(_ version: StoredVersion?, _ path: RelativePath) throws(HTTPFailure) {
    if let tags = ifMatch, version?.matches(tags, weak: false) != true {
      throw .isOtherVersion(path)
    }
    if let tags = ifNoneMatch, version?.matches(tags, weak: true) == true {
      throw HTTPFailure(.preconditionFailed, "The file exists already: \(path.text)")
    }
  }
}
