import VFS

extension KernelNotifier {
  /// Records a request during which the kernel holds `lock`.
  func begin(_ lock: KernelLock) -> KernelLockHold {
    var hold = KernelLockHold(lock: lock)
    switch lock {
    case .none: break
    case .directory(let inode): hold.number = names.begin(inode)
    case .directories(let first, let second):
      hold.number = names.begin(first)
      if first != second { hold.secondNumber = names.begin(second) }
    case .anyDirectory: hold.number = names.begin(nil)
    case .pages(let inode): hold.number = inodes.begin(inode)
    }
    return hold
  }

  /// Records that the request is answered.
  func end(_ hold: KernelLockHold) {
    switch hold.lock {
    case .none: break
    case .directory(let inode): names.end(hold.number, inode)
    case .directories(let first, let second):
      names.end(hold.number, first)
      if first != second { names.end(hold.secondNumber, second) }
    case .anyDirectory: names.end(hold.number, nil)
    case .pages(let inode): inodes.end(hold.number, inode)
    }
  }
}
