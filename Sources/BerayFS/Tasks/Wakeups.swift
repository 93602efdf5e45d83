import Synchronization
import VFS

/// The open handles of a task that somebody may poll, to be woken when the task has news.
final class Wakeups: Sendable {
  private let handles = Mutex<Set<HandleID>>([])

  func add(_ handle: HandleID) { handles.withLock { _ = $0.insert(handle) } }
  func remove(_ handle: HandleID) { handles.withLock { _ = $0.remove(handle) } }

  func wakeAll(through notifier: any Notifier) {
    for handle in handles.withLock({ $0 }) { notifier.wake(handle) }
  }
}
