internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Logging
internal import SystemPackage

/// Records, in a file next to a ``Spool``, which file its content is being copied into. After a crash, the next server
/// completes the copy.
struct RewriteJournal {
  private static let suffix = ".target"
  private let path: String

  /// Records that `spool` is about to be copied into the file at `target`.
  init(_ spool: Spool, target: RelativePath, status: linux_status, task: Int64) throws(Errno) {
    path = spool.path + Self.suffix
    let file = try OwnedDescriptor.open(path: path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    try file.writeAll(Array("\(task) \(status.inode) \(target.text)\n".utf8))
  }

  /// Removes the journal once there is nothing to recover.
  func remove() { unlink(path) }

  /// Completes the copies that a crash of the server interrupted. Skips a target that another file has replaced since.
  static func recover(in directory: String, logger: Logger, work: (Int64) -> AgentDirectory) {
    guard let names = try? OwnedDescriptor.open(path: directory, flags: O_RDONLY | O_DIRECTORY).entryNames() else {
      return
    }
    for name in names.map(\.text) where name.hasSuffix(suffix) {
      let spoolPath = directory + "/" + name.dropLast(suffix.utf8.count)
      guard let entry = Entry(journal: directory + "/" + name), let spool = try? Spool(existing: spoolPath) else {
        continue
      }
      do {
        try entry.complete(spool, in: work(entry.task))
        logger.notice("task \(entry.task): completed the upload of \(entry.path.text) that a crash had cut short")
      } catch {
        logger.warning("task \(entry.task): the upload of \(entry.path.text) cannot be completed: \(error)")
      }
    }
  }

  private struct Entry {
    let task: Int64
    let inode: UInt64
    let path: RelativePath

    /// - Returns: nil if the journal is incomplete: the copy had not begun then.
    init?(journal: String) {
      guard let file = try? OwnedDescriptor.open(path: journal, flags: O_RDONLY),
        let bytes = try? file.readAll(limit: 1 << 16), bytes.last == UInt8(ascii: "\n")
      else { return nil }
      let parts = bytes.dropLast().split(
        separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false
      ).map { String(decoding: $0, as: UTF8.self) }
      guard parts.count == 3, let task = Int64(parts[0]), let inode = UInt64(parts[1]),
        let path = try? RelativePath(parts[2])
      else { return nil }
      (self.task, self.inode, self.path) = (task, inode, path)
    }

    func complete(_ spool: Spool, in work: AgentDirectory) throws(Errno) {
      let place = try work.open(path, flags: LINUX_O_PATH)
      guard try place.status().inode == inode else { throw .staleNFSFileHandle }
      let file = try place.reopenedForWriting()
      try spool.copy(to: file)
      try checked(ftruncate(file.rawValue, off_t(spool.file.status().size)))
    }
  }
}
