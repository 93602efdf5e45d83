import VFS

/// A lock that the kernel holds during a request, until the answer arrives.
enum KernelLock: Sendable {
  case none
  /// The lock of one directory, held while a request looks up or changes names in it, or changes the directory itself.
  case directory(InodeID)
  /// The locks of both directories of a rename. A moved or replaced directory is locked too, but the request does not
  /// name its inode.
  case directories(InodeID, InodeID)
  /// The locks of an rmdir, which also locks the removed directory. The request does not name its inode, so it could be
  /// any.
  case anyDirectory
  /// The locks of pages, held while a request reads into the page cache or writes from it.
  case pages(InodeID)
}

/// An open request during which the kernel holds a lock.
struct KernelLockHold: Sendable {
  let lock: KernelLock
  var number: NoticeSchedule.RequestNumber = 0
  var secondNumber: NoticeSchedule.RequestNumber = 0
}
