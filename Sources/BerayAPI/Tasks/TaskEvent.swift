/// Something that happened in a task.
public struct TaskEvent: Hashable, Sendable {
  /// The event's id as text; nil if the server sends none.
  public var id: String?
  public var type: String?
  public var time: UTCTime?
  public var text: String?
  /// The status that the event reports, if any.
  public var status: TaskStatus?
  /// Whether the event is meant for programs only, so that logs for people leave it out. Only servers that declare
  /// their events (``EventContract/declared``) can mark events so.
  public var isForPrograms: Bool
  /// The whole object as received.
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
