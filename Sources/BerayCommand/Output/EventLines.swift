import BerayAPI
import BerayClient
import BerayFS

/// What a task's stream tells as lines, the same that `events.log` of a mount has. The last one is the final status.
struct EventLines {
  private var isEnded = false

  /// The lines of one update, each with its newline.
  mutating func of(_ update: TaskUpdate) -> [[UInt8]] {
    var events = update.events
    if events.isEmpty, let status = update.status { events = [Self.change(to: status, in: update.raw)] }
    if let last = events.last { isEnded = last.isTaskStatus && last.status?.isFinished == true }
    return events.map { $0.line(.text) }
  }

  /// The line of the final status, where the stream ended without it.
  func end(of task: BerayTask) -> [UInt8]? {
    guard !isEnded else { return nil }
    return TaskEvent(type: "status", time: task.updatedAt, status: task.status, raw: task.raw).line(.text)
  }

  private static func change(to status: TaskStatus, in message: JSON) -> TaskEvent {
    var event = TaskEvent(json: message)
    event.status = status
    if !event.isTaskStatus { event.type = "status" }
    return event
  }
}
