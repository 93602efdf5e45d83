import CFuse
import Synchronization
import VFS

/// A kernel poll handle: a program waits for events on one open file. It is destroyed with its last reference.
///
/// `@unchecked Sendable`: libfuse only reads the memory behind the pointer until it is destroyed.
final class PollHandle: @unchecked Sendable {
  private let raw: OpaquePointer

  /// Takes ownership of `raw`.
  init(_ raw: OpaquePointer) { self.raw = raw }

  deinit { fuse_pollhandle_destroy(raw) }

  /// Makes the kernel poll the file again.
  func notify() -> Int32 { fuse_lowlevel_notify_poll(raw) }
}

/// The newest poll handle of each polled open file. Older ones refer to the same file and are not needed.
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
