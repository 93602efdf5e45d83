internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// Removes a directory and its contents, even if an agent took away permissions, nested it very deeply, or used unusual
/// names. Follows no symbolic links. Blocks.
struct TreeRemoval {
  /// The directory to empty. Deeper directories are moved up into it, so depth costs neither descriptors nor stack.
  private let top: OwnedDescriptor
  private var pending: [[CChar]] = []
  private var moved = 0

  /// - Throws: the error that prevented the removal. A missing directory is not an error.
  static func remove(_ name: String, in parent: OwnedDescriptor) throws(Errno) {
    do throws(Errno) {
      let name = Array(name.utf8CString)
      var removal = TreeRemoval(top: try openAccessible(name, in: parent))
      try removal.empty()
      try parent.removeDirectory(name)
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
    }
  }

  private init(top: OwnedDescriptor) { self.top = top }

  private mutating func empty() throws(Errno) {
    try removeEntries(of: top)
    while let name = pending.popLast() {
      try removeEntries(of: try Self.openAccessible(name, in: top))
      try top.removeDirectory(name)
    }
  }

  /// Removes everything but directories, and adds those to ``pending``.
  private mutating func removeEntries(of directory: OwnedDescriptor) throws(Errno) {
    for name in try directory.rawEntryNames() {
      do throws(Errno) { try directory.removeFile(name) } catch {
        if error == .noSuchFileOrDirectory { continue }
        guard error == .isDirectory else { throw error }
        // Moving a directory changes its "..", so the kernel requires write permission on the directory itself.
        _ = try Self.openAccessible(name, in: directory)
        pending.append(try moveUp(name, from: directory))
      }
    }
  }

  /// Moves a directory into ``top`` under a free name.
  private mutating func moveUp(_ name: [CChar], from directory: OwnedDescriptor) throws(Errno) -> [CChar] {
    while true {
      moved += 1
      let free = Array(".removed-\(moved)".utf8CString)
      do throws(Errno) {
        try directory.rename(name, to: free, in: top, replacing: false)
        return free
      } catch {
        guard error == .fileExists else { throw error }
      }
    }
  }

  /// Opens a directory for reading, after giving its owner the permissions to list and change it.
  private static func openAccessible(_ name: [CChar], in parent: OwnedDescriptor) throws(Errno) -> OwnedDescriptor {
    let place = try parent.openEntry(name, flags: LINUX_O_PATH | O_DIRECTORY | O_NOFOLLOW)
    try checked(chmod(place.procPath, 0o700))
    return try parent.openEntry(name, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  }
}
