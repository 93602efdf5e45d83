import CFuse
import Glibc

/// A libfuse session.
///
/// `@unchecked Sendable`: several threads may receive, process and notify at once. Mounting and destroying are not
/// thread-safe; ``FuseSession`` does them when no other thread has the pointer.
struct SessionPointer: @unchecked Sendable {
  let raw: OpaquePointer

  /// Creates a session that is not mounted yet. It does not retain `adapter`, which must outlive it.
  init(options: FuseOptions, operations: fuse_lowlevel_ops, adapter: Adapter) throws(MountError) {
    var arguments = fuse_args()
    defer { fuse_opt_free_args(&arguments) }
    guard fuse_opt_add_arg(&arguments, FuseOptions.subtype) == 0, fuse_opt_add_arg(&arguments, "-o") == 0,
      fuse_opt_add_arg(&arguments, options.list) == 0
    else { throw .failed("no memory") }
    var operations = operations
    let session = cfuse_session_new(&arguments, &operations, Unmanaged.passUnretained(adapter).toOpaque())
    guard let session else { throw .failed(FuseLog.recentLines.joined(separator: "; ")) }
    raw = session
  }

  func mount(at mountpoint: String) throws(MountError) {
    var hasMounted = false
    // fusermount3 prints the reason for a failure on standard error.
    let said = StandardErrorCapture.lines { hasMounted = fuse_session_mount(raw, mountpoint) == 0 }
    guard hasMounted else {
      let lines = said + FuseLog.recentLines
      throw .failed(lines.isEmpty ? "fusermount3 or the kernel refused it" : lines.joined(separator: "; "))
    }
  }

  /// Receives and answers requests until the connection ends.
  /// - Parameter onFirst: Called once, after the first request is answered.
  /// - Returns: 0 if the file system was unmounted or the connection aborted, else a negated errno.
  func serve(onFirst: () -> Void) -> Int32 {
    var buffer = fuse_buf()
    defer { free(buffer.mem) }
    var isFirst = true
    while true {
      let size = fuse_session_receive_buf(raw, &buffer)
      if size == 0 { return 0 }
      if size == -EINTR || size == -EAGAIN { continue }
      if size < 0 { return size }
      fuse_session_process_buf(raw, &buffer)
      if isFirst {
        isFirst = false
        onFirst()
      }
    }
  }

  /// Closes the device and frees the session, which must not be used afterwards. Its connection must have ended:
  /// otherwise libfuse unmounts by path, and another file system may be mounted there by now.
  func destroy() {
    fuse_session_unmount(raw)
    fuse_session_destroy(raw)
  }
}
