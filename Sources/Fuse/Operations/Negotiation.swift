import CFuse

/// Settles with the kernel how requests are made. The flags are those of fuse_common.h of libfuse.
///
/// - readdirplus always, never by the kernel's guess: with a cached listing the guess ends in a lookup for each name.
/// - PARALLEL_DIROPS: lookups and listings of one directory come side by side from libfuse 3.17 on. Older versions do not
///   pass the wish on: one that waits for the server then keeps back the others of its directory. Little waits, for names
///   are answered from a listing. What changes names comes alone in any case: the kernel holds the directory's lock.
/// - AUTO_INVAL_DATA and not EXPLICIT_INVAL_DATA: pages are dropped when a file's size or time of change moves. Without
///   it a file that grew elsewhere reads as NUL bytes behind its old end, until someone invalidates it by hand.
/// - No WRITEBACK_CACHE: the kernel would own sizes and times, and what others change would stay unseen.
/// - No POSIX_ACL, no EXPORT_SUPPORT, no CACHE_SYMLINKS: a link's target may move here.
func onInit(_ userData: UnsafeMutableRawPointer?, _ connection: UnsafeMutablePointer<fuse_conn_info>?) {
  guard let connection else { return }
  let capable = connection.pointee.capable
  var want = connection.pointee.want
  want |= capable & UInt32(FUSE_CAP_READDIRPLUS | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_PARALLEL_DIROPS)
  want |= capable & UInt32(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_ASYNC_READ)
  want &= ~UInt32(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_EXPLICIT_INVAL_DATA)
  want &= ~UInt32(FUSE_CAP_POSIX_ACL | FUSE_CAP_EXPORT_SUPPORT | FUSE_CAP_CACHE_SYMLINKS)
  connection.pointee.want = want
  // Readahead and asynchronous direct reads in flight at once; the kernel's default is 12.
  connection.pointee.max_background = 64
  connection.pointee.congestion_threshold = 48
  // What remains is the most that libfuse can take: 1 MiB for each write.
}
