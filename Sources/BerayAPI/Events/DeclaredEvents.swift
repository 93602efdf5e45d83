// Decodes events of servers that declare the contract `EventContract.declared`.

extension TaskEvent {
  init(declared json: JSON) {
    let type = json["type"]?.stringValue
    self.init(
      id: json["id"]?.identifier, type: type, time: json["created_at"].flatMap(UTCTime.init(json:)),
      text: json["text"]?.stringValue, status: type == "status" ? json["status"]?.word.map { TaskStatus($0) } : nil,
      isForPrograms: json["log"]?.boolValue == false, raw: json)
  }
}

extension TaskUpdate {
  /// Nil if the message is not an event of the task.
  init?(declared json: JSON, lastEventID: String?) {
    let event = TaskEvent(declared: json)
    guard event.id != nil else { return nil }
    self.init(lastEventID: lastEventID, status: event.status, events: [event], raw: json)
  }
}
