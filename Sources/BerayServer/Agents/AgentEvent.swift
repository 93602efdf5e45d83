internal import BerayAPI

/// An event of a task, before the store gives it an id and a time.
struct AgentEvent: Hashable, Sendable {
  /// The members after `id`, `type` and `created_at`.
  var type: String
  var members: [JSON.Member]
  /// Whether the event is meant for programs only. Logs for people skip it.
  var isForPrograms = false
  /// Whether its text was cut off.
  private(set) var isTruncated = false
  /// Whether the event comes from the server rather than the agent.
  private var isServers = false

  init(type: String, members: [JSON.Member]) {
    self.type = type
    self.members = members
  }

  init(type: String, text: String) {
    self.init(type: type, members: [.init("text", .string(text))])
  }

  /// The longest `text`, in UTF-8 bytes. Events are for people to read, and each is sent to every follower.
  static let maximumText = 64 << 10

  /// Cuts `text` to ``maximumText``.
  func limitingText() -> AgentEvent {
    guard let index = members.firstIndex(where: { $0.name == "text" }), let text = members[index].value.stringValue,
      text.utf8.count > Self.maximumText
    else { return self }
    var end = text.utf8.index(text.startIndex, offsetBy: Self.maximumText)
    // Never cut within a UTF-8 sequence.
    while text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
    var event = self
    event.members[index].value = .string(String(decoding: text.utf8[..<end], as: UTF8.self))
    event.isTruncated = true
    return event
  }

  /// A change of status that does not end the task.
  static func status(_ status: ServerStatus) -> AgentEvent {
    var event = AgentEvent(type: "status", members: [.init("status", .string(status.rawValue))])
    event.isServers = true
    return event
  }

  /// The last event of a task.
  static func final(_ outcome: TaskOutcome) -> AgentEvent {
    var event = status(outcome.status)
    if let code = outcome.exitCode { event.members.append(.init("exit_code", .number(String(code)))) }
    if let signal = outcome.signal { event.members.append(.init("signal", .number(String(signal)))) }
    if let text = outcome.text { event.members.append(.init("text", .string(text))) }
    event.members += outcome.summary.members
    return event
  }

  /// The event as it is stored and sent. Members of the agent that share a name with the server's get the prefix
  /// `agent_`.
  func json(id: Int64, time: String) -> String {
    let own: [JSON.Member] = [
      .init("id", .number(String(id))), .init("type", .string(shownType)), .init("created_at", .string(time)),
    ]
    var all = own + (isServers ? members : renamedMembers())
    if isForPrograms { all.append(.init("log", false)) }
    if isTruncated { all.append(.init("truncated", true)) }
    return JSON.object(all).serialized()
  }

  /// Only the server may report a task's status.
  private var shownType: String { !isServers && type.lowercased() == "status" ? "agent_status" : type }

  private func renamedMembers() -> [JSON.Member] {
    var names = Set(members.map(\.name))
    return members.map { member in
      guard EventContract.serverNames.contains(member.name) else { return member }
      var name = member.name
      repeat { name = "agent_" + name } while !names.insert(name).inserted
      return JSON.Member(name, member.value)
    }
  }
}
