extension TaskUpdate {
  /// Decodes a message of a server that declares the contract ``EventContract/declared``. Nil if the message is not an
  /// event of the task.
  init?(declared json: JSON, lastEventID: String?) {
    let event = TaskEvent(declared: json)
    guard event.id != nil else { return nil }
    self.init(lastEventID: lastEventID, status: event.status, events: [event], raw: json)
  }
}
