internal import BerayAPI

/// Turns the lines that an agent writes into events, and collects a summary of the whole run.
///
/// If a line is a JSON object, its event keeps all the fields. If the reader of the format understands the line, the
/// event gets one of a few common types and a text for people; the agent's own type moves to `agent_type`. A line that
/// adds nothing becomes an event for programs only, which logs for people skip.
struct AgentLineDecoder: Sendable {
  private var reader: any AgentReader
  private let keepsTypes: Bool
  private(set) var summary = RunSummary()
  private var lastKind: Statement.Kind?
  private let failureWords: [String]

  /// - Parameters:
  ///   - workDirectory: shown paths are relative to it.
  ///   - failureWords: text in a line that means that the agent failed, whatever its exit status.
  init(format: AgentCommand.Format, workDirectory: String = "/", failureWords: [String] = []) {
    reader = Self.reader(format, ToolText(workDirectory: workDirectory))
    keepsTypes = format == .lines
    self.failureWords = failureWords
  }

  /// Decodes a line of stdout.
  mutating func events(ofLine line: [UInt8]) -> [AgentEvent] {
    guard line.first(where: { $0 != UInt8(ascii: " ") }) == UInt8(ascii: "{"),
      let json = try? JSON(parsing: line), case .object(let members) = json
    else { return textEvents(String(decoding: line, as: UTF8.self)) }
    let statements = reader.read(json, &summary)
    let type = ["type", "event_type", "event", "kind"].lazy.compactMap { json[$0]?.word }.first
    var raw = AgentEvent(type: type ?? "stdout", members: members.filter { $0.name != "type" })
    if !keepsTypes { raw.say(statements.first { !$0.isEarlier }, agentType: type) }
    note(statements)
    let earlier = statements.filter(\.isEarlier)
    let later = statements.filter { !$0.isEarlier }.dropFirst()
    return (earlier.map(\.event) + [raw.keepingStatusWord()] + later.map(\.event)).map { $0.limitingText() }
  }

  /// Decodes a line of stderr.
  mutating func events(ofErrorLine line: [UInt8]) -> [AgentEvent] {
    let text = EscapeSequences.plain(String(decoding: line, as: UTF8.self))
    noteFailure(text)
    var event = AgentEvent(type: "stderr", text: text)
    if keepsTypes { return [event.limitingText()] }
    if Self.isComplaint(text) {
      summary.complaint = ToolText.line(text)
    } else {
      // The agent reports its work in structured output. Its other remarks on stderr are noise to people.
      event.isForPrograms = true
    }
    return [event.limitingText()]
  }

  /// Returns the remaining events once the agent has ended: the rest of a streamed text, and the cost of the run.
  mutating func finish() -> [AgentEvent] {
    let statements = reader.finish(&summary)
    note(statements)
    var events = statements.map(\.event)
    if lastKind != .usage, let usage = summary.usage { events.append(Statement(.usage, usage).event) }
    return events.map { $0.limitingText() }
  }

  private mutating func textEvents(_ text: String) -> [AgentEvent] {
    noteFailure(text)
    let statements = reader.read(text: text, &summary)
    note(statements)
    if statements.count == 1, statements[0].kind == .stdout || statements[0].text == text {
      return [statements[0].event.limitingText()]
    }
    // The statements may reword the line, merge it with others or skip it, so the line itself is kept too.
    var raw = AgentEvent(type: "stdout", text: text)
    raw.isForPrograms = true
    return ([raw] + statements.map(\.event)).map { $0.limitingText() }
  }

  /// Whether a line of stderr reports a failure, rather than progress.
  private static func isComplaint(_ text: String) -> Bool {
    let words = text.lowercased()
    let isRemark = ["warn", "info", "debug"].contains(where: words.contains)
    let tells = [
      "error", "fatal", "fail", "denied", "refused", "cannot", "can't", "not found", "invalid", "unauthorized",
    ]
    return !isRemark && tells.contains(where: words.contains)
  }

  private mutating func note(_ statements: [Statement]) {
    if let last = statements.last { lastKind = last.kind }
  }

  private mutating func noteFailure(_ text: String) {
    guard failureWords.contains(where: text.contains) else { return }
    summary.failure = ToolText.line(EscapeSequences.plain(text))
  }

  private static func reader(_ format: AgentCommand.Format, _ words: ToolText) -> any AgentReader {
    switch format {
    case .lines: LineReader()
    case .text: TextReader()
    case .claude: ClaudeReader(words: words)
    case .codex: CodexReader(words: words)
    case .gemini: GeminiReader(words: words)
    case .goose: GooseReader(words: words)
    case .opencode: OpenCodeReader(words: words)
    case .copilot: CopilotReader(words: words)
    case .vibe: VibeReader(words: words)
    case .gptme: GptmeReader(words: words)
    case .openhands: OpenHandsReader(words: words)
    case .droid: DroidReader(words: words)
    case .aider: AiderReader(words: words)
    case .mini: MiniReader(words: words)
    }
  }
}

extension Statement {
  fileprivate var event: AgentEvent { AgentEvent(type: kind.rawValue, text: text) }
}

extension AgentEvent {
  /// Takes the type and text of a statement. Without a statement, the event is for programs only.
  fileprivate mutating func say(_ statement: Statement?, agentType: String?) {
    members = members.map { member in
      member.name == "text" ? JSON.Member("agent_text", member.value) : member
    }
    guard let statement else {
      isForPrograms = true
      return
    }
    type = statement.kind.rawValue
    members.insert(.init("text", .string(statement.text)), at: 0)
    if let agentType, agentType != type { members.insert(.init("agent_type", .string(agentType)), at: 1) }
  }

  /// Renames the agent's own `status` members. Only the server may report a task's status, and readers must not mistake
  /// a step of the agent for the task.
  fileprivate func keepingStatusWord() -> AgentEvent {
    var event = self
    if event.type == "status" { event.type = "agent_status" }
    for index in event.members.indices where ["status", "state", "task_status"].contains(event.members[index].name) {
      event.members[index].name = "agent_" + event.members[index].name
    }
    return event
  }
}
