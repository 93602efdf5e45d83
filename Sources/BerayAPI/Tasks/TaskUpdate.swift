/// One message of a task's event stream.
public struct TaskUpdate: Hashable, Sendable {
  /// The stream's last event id after this message (the `id:` field, WHATWG HTML §9.2): what to resume from.
  public var lastEventID: String?
  /// The status that the message tells of, if it does.
  public var status: TaskStatus?
  /// The events that it carries: one, which may tell of a change of ``status``, or those of ``task``; none if it is
  /// a notice alone.
  public var events: [TaskEvent]
  /// The task, or the part of one, that the message carries; its fields are in ``raw``. Nil if the message is an
  /// event or a status.
  public var task: BerayTask?
  /// Whether the message tells of a change that it does not carry, so that the task is to be fetched.
  public var wantsRefresh: Bool
  /// The whole object as it came.
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
