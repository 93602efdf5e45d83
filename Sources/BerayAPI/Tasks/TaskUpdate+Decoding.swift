extension TaskUpdate {
  /// Reads one message of a task's stream; nil where it is a heartbeat, or carries nothing at all.
  ///
  /// - An object under `task`, a list under `events`, or a `goal` make it a task or a part of one, also under `data`.
  /// - A status beside no type, or beside a type that speaks of the task (`status`, `task_updated`…), is the task's
  ///   status. It is a change of status alone, and no event, where nothing more than an id or a time stands beside it,
  ///   or where the type itself says `status`.
  /// - A status beside any other type (`{"type":"tool_call","status":"success"}`) is the event's own and says nothing
  ///   of the task; where it reads as an end, the task is to be asked: ``wantsRefresh``.
  /// - A type that speaks of a change or an end (`updated`, `done`) with nothing beside it is no event;
  ///   ``wantsRefresh`` is set.
  /// - All else is one event.
  ///
  /// - Parameters:
  ///   - lastEventID: the stream's last event id after this message.
  ///   - eventName: the `event:` field, which is taken for the type where the object has none.
  ///   - taskID: whose stream it is: a part of a task need not say.
  public init?(json: JSON, lastEventID: String? = nil, eventName: String? = nil, taskID: TaskID? = nil) {
    guard json != .null else { return nil }
    let name = eventName == "message" ? nil : eventName
    var event = TaskEvent(json: json)
    event.type = event.type ?? name
    let type = MessageType(event.type ?? "")
    if type == .heartbeat || (json.objectValue?.isEmpty == true && name == nil) { return nil }
    self.init(lastEventID: lastEventID, raw: json)
    if let part = Self.taskPart(of: json, type: type) {
      readTask(part, json: json, taskID: taskID)
    } else {
      readMessage(event, type: type, json: json)
    }
  }

  /// Whether the `event:` field of a message says that it only keeps the connection alive, whatever its data is.
  public static func isHeartbeat(eventName: String) -> Bool { MessageType(eventName) == .heartbeat }

  private mutating func readTask(_ part: JSON, json: JSON, taskID: TaskID?) {
    let wrapping = part == json ? nil : json
    let id = wrapping?.first(of: ["task_id"], as: TaskID.init(json:)) ?? taskID
    task = try? BerayTask(json: part, id: id)
    status = part.first(of: FieldNames.status, as: \.identifier).map { TaskStatus($0) }
    events = part["events"]?.arrayValue.map { $0.map(TaskEvent.init(json:)) } ?? []
    guard let wrapping else { return }
    status = status ?? wrapping.first(of: FieldNames.status, under: ["data"], as: \.word).map { TaskStatus($0) }
    // The text of the task itself, such as its result, is no event.
    let own = TaskEvent(json: wrapping, under: ["data", "event"].filter { wrapping[$0] != part })
    if own.text != nil { events.append(own) }
    wantsRefresh = status == nil && events.isEmpty
  }

  private mutating func readMessage(_ event: TaskEvent, type: MessageType, json: JSON) {
    let hasText = event.text != nil
    let speaksOfTask = type == .none || type == .status || type == .change || type == .end
    if let told = event.status {
      if speaksOfTask { status = told } else { wantsRefresh = told.isFinished }
      let isStatusAlone = type == .status || (speaksOfTask && !hasText)
      events = isStatusAlone ? [] : [event]
      if let taskStatus = json["task_status"]?.word { status = TaskStatus(taskStatus) }
      return
    }
    let isNotice = (type == .change || type == .end) && !hasText && event.id == nil && !Self.hasPayload(json)
    wantsRefresh = type == .change || type == .end
    events = isNotice ? [] : [event]
  }

  /// The object that is a task or a part of one.
  private static func taskPart(of json: JSON, type: MessageType) -> JSON? {
    if let task = json["task"], task.objectValue != nil { return task }
    for candidate in [json, json["data"]] {
      guard let candidate, candidate.objectValue != nil else { continue }
      if let task = candidate["task"], task.objectValue != nil { return task }
      if candidate["events"]?.arrayValue != nil { return candidate }
      // An event may have a goal of its own: `{"type":"plan","goal":"find the file"}`.
      if candidate["goal"]?.stringValue != nil, type != .other { return candidate }
    }
    return nil
  }

  /// Whether an object carries something besides its type, ids and times.
  private static func hasPayload(_ json: JSON) -> Bool {
    let bare = Set(FieldNames.type + FieldNames.time + FieldNames.id + ["task_id", "task"])
    return json.objectValue?.contains { member in
      guard !bare.contains(member.name), member.value != .null else { return false }
      return member.name == "data" ? member.value.objectValue.map { _ in hasPayload(member.value) } ?? true : true
    } ?? true
  }
}

/// What the type of a message says about it.
private enum MessageType {
  case none
  case heartbeat
  case status
  /// The task has changed in some way.
  case change
  /// The task, or its stream, has ended.
  case end
  case other

  init(_ word: String) {
    var letters = word.lowercased().filter { !"-_ .:".contains($0) }
    if letters.isEmpty {
      self = .none
      return
    }
    if letters.hasPrefix("task"), letters != "task" { letters.removeFirst(4) }
    self =
      switch letters {
      case "ping", "heartbeat", "keepalive": .heartbeat
      case "status", "state", "statusupdate", "statusupdated", "statuschange", "statuschanged", "stateupdate",
        "statechange", "statechanged":
        .status
      case "task", "update", "updated", "change", "changed", "created", "refresh": .change
      case "end", "ended", "final", "close", "closed", "streamend", "endofstream": .end
      case let letters where TaskStatus(letters).isFinished && letters != "error": .end
      default: .other
      }
  }
}
