extension TaskEvent {
  /// Decodes an event of a server that declares the contract ``EventContract/declared``.
  init(declared json: JSON) {
    let type = json["type"]?.stringValue
    self.init(
      id: json["id"]?.identifier, type: type, time: json["created_at"].flatMap(UTCTime.init(json:)),
      text: json["text"]?.stringValue, status: type == "status" ? json["status"]?.word.map { TaskStatus($0) } : nil,
      isForPrograms: json["log"]?.boolValue == false, raw: json)
  }
}
