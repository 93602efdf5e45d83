import BerayAPI
import Foundation
import Testing

@testable import BerayFS
@testable import BerayServer

/// What people read of each kind of agent: lines that real agents wrote, and beside them the lines of events.log.
@Suite struct AgentLineTests {
  struct Recording: Sendable, CustomTestStringConvertible {
    var name: String
    var format: AgentCommand.Format
    var testDescription: String { name }

    init(_ name: String, _ format: AgentCommand.Format) { (self.name, self.format) = (name, format) }

    func text(_ kind: String) throws -> String {
      let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "AgentLines")
      return try String(contentsOf: directory.appending(path: "\(name).\(kind)"), encoding: .utf8)
    }
  }

  /// All that a decoder makes of a recording.
  private func decode(_ recording: Recording) throws -> (events: [AgentEvent], summary: RunSummary) {
    var decoder = AgentLineDecoder(format: recording.format, workDirectory: "/home/user/task")
    var lines = try recording.text("lines").split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    var events = lines.flatMap { decoder.events(ofLine: Array($0.utf8)) }
    events += decoder.finish()
    return (events, decoder.summary)
  }

  /// The lines of events.log without their times.
  private func shown(_ events: [AgentEvent]) throws -> [String] {
    try events.enumerated().compactMap { index, event in
      let json = try JSON(parsing: event.json(id: Int64(index + 1), time: "2026-01-02T03:04:05.678Z"))
      let line = String(decoding: TaskEvent(json: json, contract: .declared).line(.text), as: UTF8.self)
      return line.isEmpty ? nil : String(line.dropFirst("2026-01-02T03:04:05.678Z  ".count).dropLast())
    }
  }

  @Test(arguments: [
    Recording("claude", .claude), Recording("claude-write-and-denied-bash", .claude),
    Recording("claude-stopped", .claude), Recording("claude-401-retries", .claude),
    Recording("claude-no-credentials", .claude), Recording("codex", .codex), Recording("codex-command", .codex),
    Recording("codex-401", .codex), Recording("codex-no-credentials", .codex), Recording("codex-no-network", .codex),
    Recording("aider", .aider), Recording("aider-401-exit0", .aider), Recording("aider-no-credentials", .aider),
    Recording("copilot", .copilot), Recording("gptme", .gptme), Recording("gptme-text-only", .gptme),
    Recording("mini-swe-agent", .mini), Recording("mistral-vibe", .vibe), Recording("mistral-vibe-command", .vibe),
    Recording("openhands", .openhands), Recording("gemini-documented", .gemini), Recording("goose-documented", .goose),
    Recording("opencode-documented", .opencode), Recording("cursor-documented", .claude),
    Recording("droid-documented", .droid),
  ])
  func aLogTellsWhatHappenedOnce(_ recording: Recording) throws {
    let lines = try shown(try decode(recording).events)
    let log = lines.joined(separator: "\n")
    #expect(log + "\n" == (try recording.text("log")), "\(log)")
    #expect(!lines.contains { $0.contains(#"{""#) })
  }

  @Test(arguments: [
    Recording("claude-write-and-denied-bash", .claude), Recording("codex-command", .codex),
    Recording("copilot", .copilot), Recording("gptme", .gptme), Recording("mistral-vibe-command", .vibe),
    Recording("openhands", .openhands),
  ])
  func eventsKeepEveryField(_ recording: Recording) throws {
    let kept = try decode(recording).events.map { Set($0.members.map(\.name)) }
    for line in try recording.text("lines").split(separator: "\n") {
      guard let json = try? JSON(parsing: String(line)), let members = json.objectValue else { continue }
      let names = Set(members.map(\.name)).subtracting(["type", "text", "status", "state"])
      #expect(kept.contains { $0.isSuperset(of: names) }, "\(names)")
    }
  }

  @Test(arguments: [
    (Recording("claude-no-credentials", .claude), "Not logged in · Please run /login"),
    (Recording("claude-401-retries", .claude), "the model's server says 401 authentication_failed"),
    (
      Recording("codex-401", .codex),
      "unexpected status 401 Unauthorized: fake says 401: invalid x-api-key, url: http://127.0.0.1:18999/v1/responses"
    ),
    (
      Recording("aider-401-exit0", .aider),
      "litellm.AuthenticationError: AuthenticationError: OpenAIException - fake says 401: invalid x-api-key "
        + "The API provider is not able to authenticate you. Check your API key."
    ),
    (Recording("claude", .claude), nil), (Recording("codex-command", .codex), nil), (Recording("aider", .aider), nil),
    (Recording("openhands", .openhands), nil), (Recording("mini-swe-agent", .mini), nil),
  ])
  func aFailureIsKnownByItsWords(_ recording: Recording, failure: String?) throws {
    let summary = try decode(recording).summary
    #expect(summary.failure == failure)
    let outcome = TaskOutcome(TaskOutcome(status: .completed, exitCode: 0), told: summary, wasEndedForIt: false)
    #expect(outcome.status == (failure == nil ? .completed : .failed))
  }

  @Test func theLastAnswerIsTheResult() throws {
    #expect(
      try decode(Recording("claude", .claude)).summary.answer == "Done: the work is finished (1 tool results seen).")
    #expect(try decode(Recording("aider", .aider)).summary.answer == "Here is the file.")
    #expect(try decode(Recording("claude-write-and-denied-bash", .claude)).summary.denied == 1)
  }

  @Test func codexFailsWhereNoCommandCouldRun() throws {
    var decoder = AgentLineDecoder(format: .codex)
    let lines = [
      #"{"type":"item.completed","item":{"id":"i","type":"command_execution","command":"ls","#
        + #""aggregated_output":"error: bwrap: command not found","exit_code":101,"status":"failed"}}"#,
      #"{"type":"turn.completed","usage":{"input_tokens":3,"output_tokens":2}}"#,
    ]
    for line in lines { _ = decoder.events(ofLine: Array(line.utf8)) }
    #expect(decoder.summary.failure?.contains("bubblewrap") == true)
  }

  /// OpenHands tells its model of a tool that failed; what it says last comes as its thought and as its message.
  @Test func openHandsGoesOnAfterAToolThatFailed() throws {
    var decoder = AgentLineDecoder(format: .openhands)
    let done =
      #"{"kind":"ActionEvent","thought":[{"type":"text","text":"Done."}],"tool_name":"finish","#
      + #""action":{"kind":"FinishAction","message":"Done."}}"#
    let failed = #"{"kind":"AgentErrorEvent","error":"Error validating tool 'terminal'"}"#
    let events = [failed, done].flatMap { decoder.events(ofLine: Array($0.utf8)) } + decoder.finish()
    #expect(
      events.compactMap { event in event.members.first { $0.name == "text" }?.value.stringValue } == [
        "Error validating tool 'terminal'", "Done.",
      ])
    #expect(decoder.summary.failure == nil && decoder.summary.answer == "Done.")
    #expect(decoder.summary.isOver)
  }

  @Test func openHandsFailsWhereItsConversationDoes() {
    var decoder = AgentLineDecoder(format: .openhands)
    _ = decoder.events(ofLine: Array(#"{"kind":"ConversationErrorEvent","detail":"401: invalid key"}"#.utf8))
    #expect(decoder.summary.failure == "401: invalid key")
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var line: String
    var type: String
    var text: String?
    var testDescription: String { line }

    init(_ line: String, _ type: String, _ text: String?) { (self.line, self.type, self.text) = (line, type, text) }
  }

  @Test(arguments: [
    Case("plain words", "stdout", "plain words"), Case("{not json", "stdout", "{not json"),
    Case(#"{"event":"step","message":"m"}"#, "step", nil),
    Case(#"{"type":"file","text":"wrote a"}"#, "file", "wrote a"),
  ])
  func anAgentOfOnesOwnKeepsItsTypes(_ sample: Case) throws {
    var decoder = AgentLineDecoder(format: .lines)
    let event = try #require(decoder.events(ofLine: Array(sample.line.utf8)).first)
    #expect(event.type == sample.type)
    #expect(event.members.first { $0.name == "text" }?.value.stringValue == sample.text)
  }

  @Test func anAgentsStatusIsNotTheTasks() throws {
    var decoder = AgentLineDecoder(format: .lines)
    let line = #"{"type":"result","result":"ok","usage":{"tokens":7},"status":"RUNNING"}"#
    let event = try #require(decoder.events(ofLine: Array(line.utf8)).first)
    #expect(event.members.first { $0.name == "usage" }?.value == ["tokens": 7])
    #expect(event.members.contains { $0.name == "agent_status" })
    #expect(!event.members.contains { $0.name == "status" })
  }

  @Test(
    arguments: [
      ("a\nb\nc\n3 passed in 0.4 s\n", 0, "… b | c | 3 passed in 0.4 s"),
      ("3 passed in 0.4 s\n", 0, "3 passed in 0.4 s"),
      ("", 0, nil), ("", 2, "exit 2"), ("no such file\n", 1, "exit 1: no such file"),
      ("\u{1b}[31mred\u{1b}[0m\n", 0, "red"), ("10%\r100%\n", 0, "100%"),
    ] as [(String, Int, String?)])
  func aLongOutputShowsItsTail(_ text: String, status: Int, shown: String?) {
    #expect(ToolText.output(text, exitStatus: status) == shown)
  }

  @Test(arguments: [
    ("Bash", #"{"command":"pytest -q"}"#, "Bash: pytest -q"),
    ("Bash", #"{"command":"/bin/bash -lc 'ls -l'"}"#, "Bash: ls -l"),
    ("Write", #"{"file_path":"/home/user/task/a/hello.txt","content":"1\n2\n3"}"#, "Write a/hello.txt (+3)"),
    ("Edit", #"{"file_path":"a.py","old_string":"x","new_string":"y\nz"}"#, "Edit a.py (+2 -1)"),
    ("Read", #"{"file_path":"/etc/hosts"}"#, "Read /etc/hosts"), ("Grep", #"{"pattern":"TODO"}"#, "Grep: TODO"),
    ("shell", #"{"command":["ls","-l"]}"#, "shell: ls -l"),
    ("mcp__docs__find", #"{"query":"fuse"}"#, "docs.find: fuse"), ("Wait", "{}", "Wait"),
  ])
  func aCallOfAToolIsOneLine(_ name: String, input: String, shown: String) throws {
    #expect(ToolText(workDirectory: "/home/user/task").call(name, try JSON(parsing: input)) == shown)
  }
}
