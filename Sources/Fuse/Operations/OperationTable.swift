import CFuse

/// libfuse's table of callbacks: one named function each.
///
/// Some operations are missing on purpose, so that the kernel handles them alone or reports them as unsupported: locks
/// (which the kernel keeps per inode), extended attributes and ACLs, copy_file_range, fallocate, ioctl, lseek and bmap.
/// The kernel calls access only on mounts without `default_permissions`.
func makeOperationTable() -> fuse_lowlevel_ops {
  var operations = fuse_lowlevel_ops()
  operations.`init` = onInit
  operations.lookup = onLookup
  operations.forget = onForget
  operations.forget_multi = onForgetMany
  operations.getattr = onGetattr
  operations.access = onAccess
  operations.setattr = onSetattr
  operations.readlink = onReadlink
  operations.mknod = onMknod
  operations.mkdir = onMkdir
  operations.unlink = onUnlink
  operations.rmdir = onRmdir
  operations.symlink = onSymlink
  operations.rename = onRename
  operations.link = onLink
  operations.create = onCreate
  operations.open = onOpen
  operations.read = onRead
  operations.write = onWrite
  operations.flush = onFlush
  operations.release = onRelease
  operations.fsync = onFsync
  operations.opendir = onOpendir
  operations.readdir = onReaddir
  operations.readdirplus = onReaddirPlus
  operations.releasedir = onReleasedir
  operations.statfs = onStatfs
  operations.poll = onPoll
  return operations
}

/// `@unchecked Sendable`: it only contains C function pointers, which capture nothing.
struct OperationTable: @unchecked Sendable {
  let raw: fuse_lowlevel_ops

  init(_ raw: fuse_lowlevel_ops) { self.raw = raw }
}
