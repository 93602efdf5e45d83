/// Something that happened in a task.
public struct TaskEvent: Hashable, Sendable {
  /// The server's id of the event, as text; nil if it gives none.
  public var id: String?
  public var type: String?
  public var time: UTCTime?
  public var text: String?
  /// The status that the event tells of, if it does.
  public var status: TaskStatus?
  /// Whether the server keeps it for programs: a log for people leaves it out. Only a server that declares its events
  /// (``EventContract/declared``) can say so.
  public var isForPrograms: Bool
  /// The whole object as it came.
  public var raw: JSON

  public init(
    id: String? = nil, type: String? = nil, time: UTCTime? = nil, text: String? = nil, status: TaskStatus? = nil,
    isForPrograms: Bool = false, raw: JSON
  ) {
    self.id = id
    self.type = type
    self.time = time
    self.text = text
    self.status = status
    self.isForPrograms = isForPrograms
    self.raw = raw
  }
}
