internal import BerayAPI

/// Something to tell of a task, before it has an id and a time.
struct AgentEvent: Hashable, Sendable {
  /// The members after `id`, `type` and `created_at`.
  var type: String
  var members: [JSON.Member]

  init(type: String, members: [JSON.Member]) {
    self.type = type
    self.members = members
  }

  init(type: String, text: String) {
    self.init(type: type, members: [.init("text", .string(text))])
  }

  /// A change of status that is not the last one.
  static func status(_ status: ServerStatus) -> AgentEvent {
    AgentEvent(type: "status", members: [.init("status", .string(status.rawValue))])
  }

  /// The end of a task.
  static func final(_ outcome: TaskOutcome) -> AgentEvent {
    var event = status(outcome.status)
    if let code = outcome.exitCode { event.members.append(.init("exit_code", .number(String(code)))) }
    if let signal = outcome.signal { event.members.append(.init("signal", .number(String(signal)))) }
    if let text = outcome.text { event.members.append(.init("text", .string(text))) }
    return event
  }

  /// The event as it is kept and sent. Members of the agent's that would hide the server's get the prefix `agent_`.
  func json(id: Int64, time: String) -> String {
    let own: [JSON.Member] = [
      .init("id", .number(String(id))), .init("type", .string(type)), .init("created_at", .string(time)),
    ]
    let others = members.map { member in
      ["id", "created_at"].contains(member.name) ? JSON.Member("agent_" + member.name, member.value) : member
    }
    return JSON.object(own + others).serialized()
  }
}
