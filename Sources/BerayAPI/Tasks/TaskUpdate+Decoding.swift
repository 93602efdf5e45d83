extension TaskUpdate {
  /// Reads one message of a task's stream; nil if it tells nothing of the task, such as a heartbeat.
  /// - Parameters:
  ///   - json: what the server sent.
  ///   - lastEventID: the stream's last event id after this message.
  ///   - eventName: the `event:` field, which may stand in for the type.
  ///   - taskID: whose stream it is: a part of a task need not say.
  ///   - contract: how this server's events are read.
  public init?(
    json: JSON, lastEventID: String? = nil, eventName: String? = nil, taskID: TaskID? = nil,
    contract: EventContract = .undeclared
  ) {
    switch contract {
    case .declared: self.init(declared: json, lastEventID: lastEventID)
    case .undeclared:
      self.init(undeclared: json, lastEventID: lastEventID, eventName: eventName, taskID: taskID)
    }
  }
}
