import CFuse
import Glibc
import VFS

/// A notification for the kernel.
enum Notice: Hashable, Sendable {
  case attributes(InodeID)
  case pages(InodeID)
  case name(Name, directory: InodeID)
  case wake(HandleID)

  /// Sends the notice.
  /// - Returns: 0 or a negated errno. `ENOENT` means that the kernel has nothing cached for it.
  func send(to session: SessionPointer, pollHandles: PollHandles) -> Int32 {
    switch self {
    case .attributes(let inode):
      // A negative offset leaves the pages alone.
      return fuse_lowlevel_notify_inval_inode(session.raw, inode.rawValue, -1, 0)
    case .pages(let inode):
      return fuse_lowlevel_notify_inval_inode(session.raw, inode.rawValue, 0, 0)
    case .name(let name, let directory):
      return name.string.withCString { bytes in
        let length = strlen(bytes)
        let result = cfuse_notify_expire_entry(session.raw, directory.rawValue, bytes, length)
        guard result == -ENOSYS else { return result }
        return fuse_lowlevel_notify_inval_entry(session.raw, directory.rawValue, bytes, length)
      }
    case .wake(let handle):
      return pollHandles[handle]?.notify() ?? 0
    }
  }
}

extension Notice {
  /// The inode whose lock or page locks the kernel takes to handle the notice.
  var lockedInode: InodeID? {
    switch self {
    case .pages(let inode): inode
    case .name(_, let directory): directory
    case .attributes, .wake: nil
    }
  }
}
