import VFS

/// A lock that the kernel holds from before a request until it is answered.
enum KernelLock: Sendable {
  case none
  /// Of what changes or looks up names in a directory, or changes the directory itself.
  case directory(InodeID)
  /// Of a rename. The lock of a directory that is moved or replaced is not known here.
  case directories(InodeID, InodeID)
  /// Of rmdir: its victim's too, which the request does not name by number.
  case anyDirectory
  /// Of what fills or takes pages.
  case pages(InodeID)
}

/// That a request is open which makes the kernel hold a lock.
struct KernelLockHold: Sendable {
  let lock: KernelLock
  var number: NoticeSchedule.RequestNumber = 0
  var secondNumber: NoticeSchedule.RequestNumber = 0
}
