/// A task as a server told it.
public struct BerayTask: Hashable, Sendable {
  public var id: TaskID
  public var goal: String
  public var status: TaskStatus
  public var createdAt: UTCTime?
  public var updatedAt: UTCTime?
  /// The events of the task, where the answer had them (`GET tasks/{id}`); nil if it had no such list (`GET
  /// tasks/`).
  public var events: [TaskEvent]?
  /// The whole object as it came.
  public var raw: JSON

  public init(
    id: TaskID, goal: String, status: TaskStatus, createdAt: UTCTime? = nil, updatedAt: UTCTime? = nil,
    events: [TaskEvent]? = nil, raw: JSON
  ) {
    self.id = id
    self.goal = goal
    self.status = status
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.events = events
    self.raw = raw
  }

  /// The name of the agent that works on it, where the server tells.
  public var agent: String? { raw["agent"]?.stringValue }
  /// The agent's last answer, where the server tells.
  public var result: String? { raw["result"]?.stringValue }
  /// Why it failed, where the server tells.
  public var error: String? { raw["error"]?.stringValue }
}
