import Synchronization
import VFS

/// The open files whose reads and writes bypass the page cache (``OpenReply/Options/directIO``).
final class DirectHandles: Sendable {
  private let handles = Mutex<Set<HandleID>>([])

  func add(_ handle: HandleID) { handles.withLock { _ = $0.insert(handle) } }
  func close(_ handle: HandleID) { handles.withLock { _ = $0.remove(handle) } }
  func contains(_ handle: HandleID) -> Bool { handles.withLock { $0.contains(handle) } }
}
