internal import BerayAPI
internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization
internal import SystemPackage

extension AgentDirectory {
  /// Removes a file, a symbolic link or an empty directory.
  /// - Parameter ifMatch: entity tags, one of which must match; nil for any version.
  func remove(_ path: RelativePath, ifMatch: String?) throws {
    guard !path.isRoot else { throw HTTPFailure.badRequest("The work directory itself cannot be removed") }
    try HTTPFailure.translating(path.text) {
      let parent = try openParent(of: path)
      let unlink = {
        do throws(Errno) { try parent.removeFile(path.name) } catch {
          guard error == .isDirectory else { throw error }
          try parent.removeDirectory(path.name)
        }
      }
      guard let ifMatch else { return try unlink() }
      try FileUpload.commitLock.withLock { _ in try checkingVersion(of: path, in: parent, ifMatch, unlink) }
    }
  }

  /// Renames as rename(2) does. Without `overwrite`, it never replaces an existing entry.
  /// - Parameter ifMatch: entity tags, one of which must match the file that is replaced; nil for any version.
  /// - Returns: the new version of a file, because a rename changes its entity tag; nil for a directory or a link.
  func move(_ from: RelativePath, to: RelativePath, overwrite: Bool, ifMatch: String?) throws -> StoredVersion? {
    guard !from.isRoot, !to.isRoot else { throw HTTPFailure.badRequest("The work directory itself cannot be moved") }
    return try HTTPFailure.translating("\(from.text) to \(to.text)") {
      let source = try openParent(of: from)
      let target = try openParent(of: to)
      let rename = {
        do throws(Errno) { try source.rename(from.name, to: to.name, in: target, replacing: overwrite) } catch {
          guard error == .notDirectory else { throw error }
          throw HTTPFailure.conflict("A file stands where a directory would go, or the reverse: \(to.text)")
        }
      }
      return try FileUpload.commitLock.withLock { _ in
        if let ifMatch { try checkingVersion(of: to, in: target, ifMatch, rename) } else { try rename() }
        guard let status = try? target.status(ofEntry: to.name), status.mode & S_IFMT == S_IFREG else { return nil }
        return version(status)
      }
    }
  }

  /// Runs `body` if a directory entry matches one of the entity tags. Other requests cannot write the entry meanwhile.
  private func checkingVersion(
    of path: RelativePath, in parent: OwnedDescriptor, _ ifMatch: String, _ body: () throws -> Void
  ) throws {
    let file: OwnedDescriptor
    do throws(Errno) { file = try parent.openEntry(path.name, flags: LINUX_O_PATH | O_NOFOLLOW) } catch {
      throw error == .noSuchFileOrDirectory ? HTTPFailure.isOtherVersion(path) : error
    }
    try guards.file(file.status()).holding {
      guard version(try file.status()).matches(ifMatch, weak: false) else {
        throw HTTPFailure.isOtherVersion(path)
      }
      try body()
    }
  }

  /// Makes one directory. Its parent must exist.
  func makeDirectory(_ path: RelativePath) throws {
    guard !path.isRoot else { throw HTTPFailure.conflict("The work directory exists already") }
    try HTTPFailure.translating(path.text) {
      try Self.makeDirectory(path.name, in: try openParent(of: path))
    }
  }

  /// Sets the permission bits, the mtime, or both, and returns the new version.
  /// - Parameter ifMatch: entity tags, one of which must match (RFC 9110 §13.1.1); nil for any version.
  func setAttributes(
    _ path: RelativePath, mode: UInt16?, modified: UTCTime?, ifMatch: String?
  ) throws -> StoredVersion {
    try HTTPFailure.translating(path.text) {
      let file = try open(path, flags: LINUX_O_PATH)
      return try guards.file(file.status()).holding {
        // If the file is replaced by a rename from here on, the new inode is not touched.
        if let ifMatch, !version(try file.status()).matches(ifMatch, weak: false) {
          throw HTTPFailure.isOtherVersion(path)
        }
        // O_PATH needs no permission on the file. The link in /proc leads to the same inode (proc(5)).
        let link = file.procPath
        if let mode { try Self.set(mode, of: file, link) }
        if let modified {
          try checked(linux_set_modified(link, modified.seconds, modified.nanoseconds))
        }
        return version(try file.status())
      }
    }
  }

  /// - Throws: EPERM if the system ignores some of the bits, such as setgid for a group that is not the server's.
  private static func set(_ mode: UInt16, of file: OwnedDescriptor, _ link: String) throws(Errno) {
    try checked(chmod(link, mode_t(mode)))
    guard try file.status().mode & 0o7777 == UInt32(mode) else { throw .notPermitted }
  }
}
