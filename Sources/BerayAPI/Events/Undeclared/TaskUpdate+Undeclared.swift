extension TaskUpdate {
  /// Reads one stream message of a server that declares nothing. Nil for a heartbeat or an empty message.
  ///
  /// - An envelope is opened first (``Envelope``).
  /// - A message with an object under `task`, a list under `events`, or a `goal` is a task or a part of one, also under
  ///   `data`. If its type is that of an event (`tool`), it must also have the id of the task.
  /// - A status without a type, or with a type about the task (`status`, `task_updated`…), is the task's status.
  /// - A status with any other type (`{"type":"tool_call","status":"success"}`) belongs to the event. If it means an
  ///   end, ``wantsRefresh`` is set, because the task may have ended too.
  /// - A type that means a change or an end (`updated`, `done`), without further content, is not an event. It sets
  ///   ``wantsRefresh``.
  /// - Everything else is one event.
  init?(undeclared json: JSON, lastEventID: String?, eventName: String?, taskID: TaskID?) {
    guard json != .null else { return nil }
    let name = eventName == "message" ? nil : eventName
    var event = TaskEvent(undeclared: json)
    let type = MessageType(event.type ?? name ?? "")
    // A generic name is not the event's type, and the list of events would not repeat it.
    if event.type == nil, let name, !MessageType(name).isGeneric { event.type = name }
    if type == .heartbeat, event.text == nil || event.id == nil { return nil }
    if json.objectValue?.isEmpty == true, name == nil { return nil }
    self.init(lastEventID: lastEventID, raw: json)
    let outer = json.first(of: FieldNames.type, as: \.word).map { MessageType($0) } ?? type
    if let part = Self.taskPart(of: json, type: outer, taskID: taskID) {
      readTask(part, json: json, taskID: taskID)
    } else {
      readMessage(event, type: type, json: json)
    }
  }

  /// Whether a message with this `event:` field only keeps the connection alive, whatever its data.
  public static func isHeartbeat(eventName: String) -> Bool { MessageType(eventName) == .heartbeat }

  private mutating func readTask(_ part: JSON, json: JSON, taskID: TaskID?) {
    let wrapping = part == json ? nil : json
    let id = wrapping?.first(of: ["task_id"], as: TaskID.init(json:)) ?? taskID
    task = try? BerayTask(json: part, id: id)
    status = part.first(of: FieldNames.status, as: \.identifier).map { TaskStatus($0) }
    events = part["events"]?.arrayValue.map { $0.map { TaskEvent(undeclared: $0) } } ?? []
    guard let wrapping else { return }
    status = status ?? wrapping.first(of: FieldNames.status, under: ["data"], as: \.word).map { TaskStatus($0) }
    // The text of the task itself, such as its result, is not an event.
    let own = TaskEvent(unwrapped: wrapping, under: Envelope.wrappers.filter { $0 != "task" && wrapping[$0] != part })
    if own.text != nil { events.append(own) }
    wantsRefresh = status == nil && events.isEmpty
  }

  private mutating func readMessage(_ event: TaskEvent, type: MessageType, json: JSON) {
    var event = event
    let hasText = event.text != nil
    let speaksOfTask = type == .none || type == .status || type == .change || type == .end
    events = [event]
    if let told = event.status {
      if speaksOfTask { status = told } else { wantsRefresh = told.isFinished }
      if speaksOfTask, !hasText, !event.isTaskStatus {
        event.type = "status"
        events = [event]
      }
      if let taskStatus = json["task_status"]?.word { status = TaskStatus(taskStatus) }
      return
    }
    let isNotice = (type == .change || type == .end) && !hasText && event.id == nil && !Self.hasPayload(json)
    wantsRefresh = type == .change || type == .end
    if isNotice { events = [] }
  }

  /// The object that is a task or a part of one.
  private static func taskPart(of json: JSON, type: MessageType, taskID: TaskID?) -> JSON? {
    if let part = taskPart(in: json, type: type, taskID: taskID) { return part }
    for wrapper in ["data", "payload"] {
      guard let inner = json[wrapper], inner.objectValue != nil else { continue }
      let word = inner.first(of: FieldNames.type, as: \.word)
      let own = word.map { MessageType($0) } ?? .none
      // The event in an envelope may use the word "task" for something of its own.
      let innerType = type == .other || own == .carrier ? MessageType.other : own
      if let part = taskPart(in: inner, type: innerType, taskID: taskID) { return part }
    }
    return nil
  }

  private static func taskPart(in json: JSON, type: MessageType, taskID: TaskID?) -> JSON? {
    func isTheTask(_ part: JSON) -> Bool {
      taskID != nil && part.first(of: FieldNames.taskID, as: TaskID.init(json:)) == taskID
    }
    if let task = json["task"], task.objectValue != nil, !Envelope.isEvent(task), type != .other || isTheTask(task) {
      return task
    }
    if json["events"]?.arrayValue != nil {
      let hasOtherID = json.first(of: FieldNames.id, as: \.identifier) != nil && json["goal"] == nil
      if type == .other ? isTheTask(json) : !hasOtherID || taskID == nil || isTheTask(json) { return json }
    }
    // An event may have a goal of its own: `{"type":"plan","goal":"find the file"}`.
    return json["goal"]?.stringValue != nil && type != .other && type != .carrier ? json : nil
  }

  /// Whether an object carries something besides its type, ids and times.
  private static func hasPayload(_ json: JSON) -> Bool {
    let bare = Set(FieldNames.type + FieldNames.time + FieldNames.id + ["task_id", "task"])
    return json.objectValue?.contains { member in
      guard !bare.contains(member.name), member.value != .null else { return false }
      return ["data", "payload"].contains(member.name)
        ? member.value.objectValue.map { _ in hasPayload(member.value) } ?? true : true
    } ?? true
  }
}
