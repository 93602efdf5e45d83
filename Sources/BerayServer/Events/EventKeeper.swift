internal import BerayAPI
internal import GRDB
internal import Logging
internal import Synchronization

/// Writes down what agents say. If the disk is full it waits for room, and so does the agent, whose pipe fills up:
/// nothing is dropped. If something had to be dropped after all, an event says so.
final class EventKeeper: Sendable {
  private let store: Store
  private let hub: EventHub
  private let logger: Logger
  /// Between two looks whether there is room again.
  private let pause: Duration
  /// How many events of a task are lost, until an event tells it.
  private let gaps = Mutex<[Int64: Int]>([:])

  init(store: Store, hub: EventHub, pause: Duration, logger: Logger) {
    self.store = store
    self.hub = hub
    self.pause = pause
    self.logger = logger
  }

  /// Keeps events in order. Blocks while the disk is full, until the task is to end.
  /// - Parameter isToEnd: waits at most so long until the task is to end, and tells whether it is.
  func keep(_ events: [AgentEvent], of task: Int64, isToEnd: (Duration) -> Bool) {
    var hasWarned = false
    while true {
      do {
        try tellGap(of: task)
        try store.append(events, to: task)
        return hub.notify(task)
      } catch let error as DatabaseError where error.isFullDisk && !isToEnd(.zero) {
        if !hasWarned { logger.warning("task \(task): the agent waits, for there is no space left for its events") }
        hasWarned = true
        _ = isToEnd(pause)
      } catch {
        logger.error("task \(task): \(events.count) events are lost: \(error)")
        return gaps.withLock { $0[task, default: 0] += events.count }
      }
    }
  }

  /// Adds the event that tells of what was lost, if anything was.
  func tellGap(of task: Int64) throws {
    guard let count = gaps.withLock({ $0[task] }) else { return }
    let members: [JSON.Member] = [
      .init("lost", JSON(count)), .init("text", .string("\(count) events are lost: the server had no space for them")),
    ]
    try store.append([AgentEvent(type: "gap", members: members)], to: task)
    gaps.withLock { $0[task] = nil }
  }
}
