internal import GRDB
internal import Logging
internal import NIOPosix
internal import Synchronization
internal import Waiting

/// Frees the database space of deleted tasks in the background.
final class StoreCleaner: Sendable {
  private let store: Store
  private let threads: NIOThreadPool
  private let logger: Logger
  private let turn = Mutex(LoopTurn())

  init(store: Store, threads: NIOThreadPool, logger: Logger) {
    self.store = store
    self.threads = threads
    self.logger = logger
  }

  /// Call it after a task was deleted.
  func wake() {
    if turn.withLock({ $0.asks() }) { Task { await work() } }
  }

  private func work() async {
    repeat {
      turn.withLock { $0.begins() }
      do {
        while try await threads.runIfActive({ [store] in try store.removeDeleted() }) { await Task.yield() }
      } catch is DatabaseError {
        logger.warning("cannot free the database space of deleted tasks; the next deletion tries again")
      } catch {
        // The server is shutting down. The next one continues.
      }
    } while turn.withLock { $0.ends(isDone: true) }
  }
}
