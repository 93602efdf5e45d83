internal import BerayAPI
internal import GRDB
internal import Logging
internal import Synchronization

/// Stores the events of agents. If the disk is full, it waits for space and drops nothing; the agent waits too, because
/// its pipe fills up. If events were lost after all, a later event reports that.
final class EventKeeper: Sendable {
  private let store: Store
  private let hub: EventHub
  private let logger: Logger
  /// The pause between checks for free space.
  private let pause: Duration
  /// The number of lost events of each task, until an event reports them.
  private let gaps = Mutex<[Int64: Int]>([:])

  init(store: Store, hub: EventHub, pause: Duration, logger: Logger) {
    self.store = store
    self.hub = hub
    self.pause = pause
    self.logger = logger
  }

  /// Stores events in order. While the disk is full, blocks until the task is asked to end.
  /// - Parameter isToEnd: waits at most so long for somebody to end the task, and returns whether somebody has.
  func keep(_ events: [AgentEvent], of task: Int64, isToEnd: (Duration) -> Bool) {
    var hasWarned = false
    while true {
      do {
        try tellGap(of: task)
        try store.append(events, to: task)
        return hub.notify(task)
      } catch let error as DatabaseError where error.isFullDisk && !isToEnd(.zero) {
        if !hasWarned {
          logger.warning("task \(task): no space is left for events; the agent waits until there is some")
        }
        hasWarned = true
        _ = isToEnd(pause)
      } catch {
        logger.error("task \(task): \(events.count) events are lost: \(error)")
        return gaps.withLock { $0[task, default: 0] += events.count }
      }
    }
  }

  /// Adds an event that reports the lost events, if there are any.
  func tellGap(of task: Int64) throws {
    guard let count = gaps.withLock({ $0[task] }) else { return }
    let members: [JSON.Member] = [
      .init("lost", JSON(count)), .init("text", .string("\(count) events are lost: the server had no space for them")),
    ]
    try store.append([AgentEvent(type: "gap", members: members)], to: task)
    gaps.withLock { $0[task] = nil }
  }
}
