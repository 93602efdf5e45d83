internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// The directory that an agent works in, and the one place where a request's path becomes a descriptor.
///
/// The kernel resolves every path beneath the directory (openat2(2), RESOLVE_BENEATH). An agent may plant symbolic
/// links and swap them at any time, but no path leads outside. All calls block.
struct AgentDirectory: Sendable {
  /// The path of the directory, which may not exist yet.
  let path: String
  /// An existing directory for unfinished uploads, outside the work directory but on the same file system, so that they
  /// can be renamed into place.
  let temporary: String
  /// The task whose directory it is.
  let task: Int64
  /// The resolution of its file system's timestamps.
  let grain: TimestampGrain
  /// The locks of the files in it.
  let guards: FileGuards

  init(
    path: String, temporary: String, task: Int64 = 0, grain: TimestampGrain = .distinct,
    guards: FileGuards = FileGuards()
  ) {
    self.grain = grain
    self.path = path
    self.temporary = temporary
    self.task = task
    self.guards = guards
  }

  /// Opens the entry at `path`. Follows symbolic links that stay beneath the directory.
  ///
  /// - Throws: EXDEV if a link leads outside.
  func open(_ path: RelativePath, flags: Int32) throws(Errno) -> OwnedDescriptor {
    try open(path, flags: flags, from: openRoot())
  }

  /// Opens the directory itself, for ``open(_:flags:from:)``.
  ///
  /// - Throws: EXDEV if an agent has replaced it, or the directory above, with a symbolic link.
  func openRoot() throws(Errno) -> OwnedDescriptor {
    let flags = LINUX_O_PATH | O_DIRECTORY | O_NOFOLLOW
    do throws(Errno) {
      let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
      let above = try OwnedDescriptor.open(path: String(path[..<slash]), flags: flags)
      let name = String(path[path.utf8.index(after: slash)...])
      return try above.openEntry(Array(name.utf8CString), flags: flags)
    } catch {
      throw error == .notDirectory || error == .tooManySymbolicLinkLevels ? .improperLink : error
    }
  }

  /// Like ``open(_:flags:)``, for callers that open many entries and have the directory open already.
  func open(_ path: RelativePath, flags: Int32, from root: OwnedDescriptor) throws(Errno) -> OwnedDescriptor {
    if path.isRoot && flags & LINUX_O_PATH != 0 { return root }
    do throws(Errno) { return try root.openBeneath(path.bytes, flags: flags) } catch {
      guard error == .noFunction else { throw error }
      return try openByComponents(path, from: root, flags: flags)
    }
  }

  /// For kernels before 5.6, which have no openat2(2). It follows no links at all.
  private func openByComponents(
    _ path: RelativePath, from root: OwnedDescriptor, flags: Int32
  ) throws(Errno) -> OwnedDescriptor {
    var directory = root
    for component in path.components.dropLast() {
      directory = try directory.openEntry(component.bytes, flags: LINUX_O_PATH | O_DIRECTORY | O_NOFOLLOW)
    }
    return try directory.openEntry(path.name, flags: flags | O_NOFOLLOW)
  }

  /// Opens the directory that holds the last component of `path`, for a system call that takes the name and has no
  /// RESOLVE_BENEATH.
  ///
  /// - Throws: EINVAL if the name is not an ordinary one, such as `..`, and could lead elsewhere.
  func openParent(of path: RelativePath) throws(Errno) -> OwnedDescriptor {
    guard path.hasEntryName else { throw .invalidArgument }
    return try open(path.parent, flags: LINUX_O_PATH | O_DIRECTORY)
  }

  /// Opens a regular file for reading. Never blocks on a FIFO.
  func openFile(_ path: RelativePath) throws -> (file: OwnedDescriptor, status: linux_status) {
    try HTTPFailure.translating(path.text) {
      let file = try open(path, flags: O_RDONLY | O_NONBLOCK)
      let status = try file.status()
      guard status.mode & S_IFMT == S_IFREG else {
        let kind = status.mode & S_IFMT == S_IFDIR ? "a directory" : "no regular file"
        throw HTTPFailure.badRequest("\(path.text) is \(kind)")
      }
      return (file, status)
    }
  }

  /// The version of a file whose status was read just now.
  func version(_ status: linux_status) -> StoredVersion { StoredVersion(status, grain: grain) }

  /// Makes the work directory if it is missing.
  func create() throws(Errno) {
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
  }

  /// Makes an empty file.
  /// - Throws: EEXIST if the name is taken.
  func makeFile(_ path: RelativePath) throws(Errno) {
    let parent = try openParent(of: path)
    let file = try parent.openEntry(path.name, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o644)
    try checked(fchmod(file.rawValue, 0o644))
  }

  /// Makes every missing directory on the way to `path`, as `mkdir -p` does.
  func makeDirectories(_ path: RelativePath) throws(Errno) {
    var made = RelativePath.root
    for component in path.components {
      made = made.appending(component)
      do throws(Errno) { try Self.makeDirectory(made.name, in: try openParent(of: made)) } catch {
        guard error == .fileExists else { throw error }
      }
    }
  }

  /// Makes a directory with mode 0755, whatever the server's umask(2) is.
  static func makeDirectory(_ name: [CChar], in parent: OwnedDescriptor) throws(Errno) {
    try parent.makeDirectory(name, mode: 0o755)
    // If it was removed or replaced meanwhile, it is no longer ours.
    guard let directory = try? parent.openEntry(name, flags: LINUX_O_PATH | O_DIRECTORY | O_NOFOLLOW) else { return }
    chmod(directory.procPath, 0o755)
  }
}
