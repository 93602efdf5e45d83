/// One message of a task's event stream.
public struct TaskUpdate: Hashable, Sendable {
  /// The stream's last event id after this message (the `id:` field, WHATWG HTML §9.2). Resume the stream from it.
  public var lastEventID: String?
  /// The status that the message reports, if any.
  public var status: TaskStatus?
  /// The events in the message: one event, which may report a change of ``status``, or those of ``task``. Empty if the
  /// message is only a notice.
  public var events: [TaskEvent]
  /// The task, or the part of it, that the message carries; its fields are in ``raw``. Nil if the message is an event
  /// or a status.
  public var task: BerayTask?
  /// Whether the message announces a change without its content, so that the task should be fetched.
  public var wantsRefresh: Bool
  /// The whole object as received.
  public var raw: JSON

  public init(
    lastEventID: String? = nil, status: TaskStatus? = nil, events: [TaskEvent] = [], task: BerayTask? = nil,
    wantsRefresh: Bool = false, raw: JSON
  ) {
    self.lastEventID = lastEventID
    self.status = status
    self.events = events
    self.task = task
    self.wantsRefresh = wantsRefresh
    self.raw = raw
  }
}
