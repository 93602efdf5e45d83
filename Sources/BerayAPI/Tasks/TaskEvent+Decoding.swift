extension TaskEvent {
  /// Reads an element of a task's list of events.
  public init(json: JSON, contract: EventContract = .undeclared) {
    switch contract {
    case .declared: self.init(declared: json)
    case .undeclared: self.init(undeclared: json)
    }
  }

  /// Whether the event reports the status of the task, not that of one step (`{"type":"tool_call","status":"done"}`).
  public var isTaskStatus: Bool {
    guard status != nil else { return false }
    return switch MessageType(type ?? "") {
    case .status: true
    case .none, .change, .end: text == nil
    case .heartbeat, .batch, .carrier, .other: false
    }
  }
}
