internal import GRDB
internal import Logging
internal import NIOPosix
internal import Synchronization

/// Frees the database space of deleted tasks in the background.
final class StoreCleaner: Sendable {
  private let store: Store
  private let threads: NIOThreadPool
  private let logger: Logger
  /// Whether it is running, and whether a task was deleted that it may not have seen.
  private let state = Mutex((isAtWork: false, isCalled: false))

  init(store: Store, threads: NIOThreadPool, logger: Logger) {
    self.store = store
    self.threads = threads
    self.logger = logger
  }

  /// Call it after a task was deleted.
  func wake() {
    let begins = state.withLock { state in
      state.isCalled = true
      defer { state.isAtWork = true }
      return !state.isAtWork
    }
    if begins { Task { await work() } }
  }

  private func work() async {
    while state.withLock({ state in
      state.isAtWork = state.isCalled
      defer { state.isCalled = false }
      return state.isCalled
    }) {
      do {
        while try await threads.runIfActive({ [store] in try store.removeDeleted() }) { await Task.yield() }
      } catch is DatabaseError {
        logger.warning("cannot free the database space of deleted tasks; the next deletion tries again")
      } catch {
        // The server is shutting down. The next one continues.
      }
    }
  }
}
