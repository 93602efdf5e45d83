import CFuse

/// Negotiates the protocol features with the kernel. The flags are those of libfuse's fuse_common.h.
///
/// - READDIRPLUS without READDIRPLUS_AUTO: with a cached listing, the kernel's heuristic ends in a lookup for each
///   name.
/// - PARALLEL_DIROPS: lookups and listings of one directory run in parallel. libfuse before 3.17 does not pass the flag
///   on, so one that waits for the server blocks the others. Few do wait, because names are answered from a listing.
///   Changes of names never run in parallel: the kernel holds the directory's lock.
/// - AUTO_INVAL_DATA and not EXPLICIT_INVAL_DATA: the kernel drops pages when a file's size or modification time
///   changes. Otherwise a file that grew elsewhere has NUL bytes after its old end until it is invalidated explicitly.
/// - No WRITEBACK_CACHE: the kernel would own sizes and times, and changes by others would stay invisible.
/// - No POSIX_ACL and no EXPORT_SUPPORT. No CACHE_SYMLINKS, because the target of a link may change.
func onInit(_ userData: UnsafeMutableRawPointer?, _ connection: UnsafeMutablePointer<fuse_conn_info>?) {
  guard let connection else { return }
  let capable = connection.pointee.capable
  var want = connection.pointee.want
  want |= capable & UInt32(FUSE_CAP_READDIRPLUS | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_PARALLEL_DIROPS)
  want |= capable & UInt32(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_ASYNC_READ)
  want &= ~UInt32(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_EXPLICIT_INVAL_DATA)
  want &= ~UInt32(FUSE_CAP_POSIX_ACL | FUSE_CAP_EXPORT_SUPPORT | FUSE_CAP_CACHE_SYMLINKS)
  connection.pointee.want = want
  // The most readahead and asynchronous direct reads in flight. The kernel's default is 12.
  connection.pointee.max_background = 64
  connection.pointee.congestion_threshold = 48
  // max_write stays at libfuse's maximum, 1 MiB.
}
