import CFuse
import Synchronization
import VFS

/// A program's wish to hear of one open file, as the kernel gave it. Destroyed with its last user.
///
/// `@unchecked Sendable`: libfuse only reads what it points to, until it is destroyed.
final class PollHandle: @unchecked Sendable {
  private let raw: OpaquePointer

  /// Takes over `raw`.
  init(_ raw: OpaquePointer) { self.raw = raw }

  deinit { fuse_pollhandle_destroy(raw) }

  /// Makes the kernel poll the file again.
  func notify() -> Int32 { fuse_lowlevel_notify_poll(raw) }
}

/// The newest poll handle of each open file that was polled. Older ones name the same file and are not needed.
final class PollHandles: Sendable {
  private let handles = Mutex<[HandleID: PollHandle]>([:])

  func keep(_ poll: PollHandle, for handle: HandleID) {
    let older = handles.withLock { $0.updateValue(poll, forKey: handle) }
    _ = consume older
  }

  func close(_ handle: HandleID) {
    let last = handles.withLock { $0.removeValue(forKey: handle) }
    _ = consume last
  }

  func closeAll() {
    let last = handles.withLock { handles in
      defer { handles = [:] }
      return handles
    }
    _ = consume last
  }

  subscript(handle: HandleID) -> PollHandle? { handles.withLock { $0[handle] } }
}
