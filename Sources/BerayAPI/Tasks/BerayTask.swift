/// A task, as the server described it.
public struct BerayTask: Hashable, Sendable {
  public var id: TaskID
  public var goal: String
  public var status: TaskStatus
  public var createdAt: UTCTime?
  public var updatedAt: UTCTime?
  /// The events of the task; nil if the answer had no list of them. `GET tasks/{id}` has one, `GET tasks/` does not.
  public var events: [TaskEvent]?
  /// The whole object as received.
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

  /// The name of the agent that works on the task, if the server sends it.
  public var agent: String? { raw["agent"]?.stringValue }
  /// The agent's last answer, if the server sends it.
  public var result: String? { raw["result"]?.stringValue }
  /// Why the task failed, if the server sends it.
  public var error: String? { raw["error"]?.stringValue }
}
