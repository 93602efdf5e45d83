internal import BerayAPI

/// Turns the lines that an agent writes into events.
///
/// A JSON object keeps all its fields; `text` is added where the agent says it somewhere deeper, so that every reader
/// of events finds it in one place. Nothing is dropped, save of a text that is longer than an event's may be.
struct AgentLineDecoder: Sendable {
  let format: AgentCommand.Format

  /// A line of stdout.
  func event(ofLine line: [UInt8]) -> AgentEvent { wholeEvent(ofLine: line).limitingText() }

  private func wholeEvent(ofLine line: [UInt8]) -> AgentEvent {
    guard line.first(where: { $0 != UInt8(ascii: " ") }) == UInt8(ascii: "{"),
      let json = try? JSON(parsing: line), case .object(let members) = json
    else { return AgentEvent(type: "stdout", text: String(decoding: line, as: UTF8.self)) }
    let type = ["type", "event_type", "event", "kind"].lazy.compactMap { json[$0]?.stringValue }.first { !$0.isEmpty }
    var event = AgentEvent(type: type ?? "stdout", members: members.filter { $0.name != "type" })
    if json["text"]?.stringValue == nil, let text = text(of: json, type: type ?? "") {
      event.members.removeAll { $0.name == "text" }
      event.members.insert(.init("text", .string(text)), at: 0)
    }
    return Self.keepingStatusWord(event)
  }

  /// A line of stderr.
  static func errorEvent(ofLine line: [UInt8]) -> AgentEvent {
    AgentEvent(type: "stderr", text: String(decoding: line, as: UTF8.self)).limitingText()
  }

  /// `status` is the server's to say: an agent's own goes under another name, lest a reader takes a step for the task.
  private static func keepingStatusWord(_ event: AgentEvent) -> AgentEvent {
    var event = event
    if event.type == "status" { event.type = "agent_status" }
    for index in event.members.indices where ["status", "state", "task_status"].contains(event.members[index].name) {
      event.members[index].name = "agent_" + event.members[index].name
    }
    return event
  }

  private func text(of json: JSON, type: String) -> String? {
    switch format {
    case .lines: nil
    case .claude: claudeText(json, type)
    case .codex: codexText(json)
    case .gemini: geminiText(json, type)
    case .goose: contentText(json["message"]?["content"])
    case .opencode: opencodeText(json["part"])
    }
  }

  /// `{"type":"assistant","message":{"content":[{"type":"text","text":…},{"type":"tool_use","name":…}]}}`,
  /// `{"type":"result","result":…}`, `{"type":"system","subtype":"init","model":…}`.
  private func claudeText(_ json: JSON, _ type: String) -> String? {
    switch type {
    case "result": json["result"]?.stringValue ?? json["subtype"]?.stringValue
    case "system": [json["subtype"], json["model"]].compactMap { $0?.stringValue }.joined(separator: " ")
    default: contentText(json["message"]?["content"])
    }
  }

  /// `{"type":"item.completed","item":{"type":"agent_message","text":…}}`, `{"type":"turn.failed","error":{"message":…}}`.
  private func codexText(_ json: JSON) -> String? {
    if let message = json["error"]?["message"]?.stringValue ?? json["message"]?.stringValue { return message }
    guard let item = json["item"] else { return nil }
    if let text = item["text"]?.stringValue ?? item["message"]?.stringValue { return text }
    if let command = item["command"]?.stringValue { return "$ " + command }
    if let changes = item["changes"]?.arrayValue {
      return changes.compactMap { change in
        change["path"]?.stringValue.map { [change["kind"]?.stringValue, $0].compactMap(\.self).joined(separator: " ") }
      }.joined(separator: ", ")
    }
    return item["tool"]?.stringValue ?? item["query"]?.stringValue
  }

  /// `{"type":"message","role":…,"content":…}`, `{"type":"tool_use","tool_name":…}`, `{"type":"tool_result","output":…}`.
  private func geminiText(_ json: JSON, _ type: String) -> String? {
    switch type {
    case "tool_use": json["tool_name"]?.stringValue
    case "tool_result": json["output"]?.stringValue ?? json["error"]?["message"]?.stringValue
    case "init": json["model"]?.stringValue
    case "error": json["message"]?.stringValue
    default: json["content"]?.stringValue
    }
  }

  /// `{"type":"text","part":{"text":…}}`, `{"type":"tool_use","part":{"tool":…,"state":{"title":…}}}`.
  private func opencodeText(_ part: JSON?) -> String? {
    guard let part else { return nil }
    if let text = part["text"]?.stringValue { return text }
    guard let tool = part["tool"]?.stringValue else { return part["reason"]?.stringValue }
    return [tool, part["state"]?["title"]?.stringValue].compactMap(\.self).joined(separator: " ")
  }

  /// The text of a message's list of content blocks, one line each; tools by their names.
  private func contentText(_ content: JSON?) -> String? {
    if let text = content?.stringValue { return text }
    guard let blocks = content?.arrayValue else { return nil }
    let lines = blocks.compactMap { block -> String? in
      block["text"]?.stringValue ?? block["thinking"]?.stringValue ?? block["name"]?.stringValue
        ?? block["toolCall"]?["value"]?["name"]?.stringValue ?? contentText(block["content"])
    }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }
}
