extension TaskEvent {
  /// Reads an event of the list of a task.
  public init(json: JSON, contract: EventContract = .undeclared) {
    switch contract {
    case .declared: self.init(declared: json)
    case .undeclared: self.init(undeclared: json)
    }
  }

  /// Whether the event tells the status of the task, and not that of a step of it
  /// (`{"type":"tool_call","status":"done"}`).
  public var isTaskStatus: Bool {
    guard status != nil else { return false }
    return switch MessageType(type ?? "") {
    case .status: true
    case .none, .change, .end: text == nil
    case .heartbeat, .batch, .carrier, .other: false
    }
  }
}
