extension TaskUpdate {
  /// Reads one message of a task's stream. Nil if it says nothing about the task, such as a heartbeat.
  /// - Parameters:
  ///   - json: the message.
  ///   - lastEventID: the stream's last event id after this message.
  ///   - eventName: the `event:` field, used if the message has no type.
  ///   - taskID: the task of the stream, because a message may carry a part of a task without its id.
  ///   - contract: how to read the server's events.
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
