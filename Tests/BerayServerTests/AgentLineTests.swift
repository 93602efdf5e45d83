import BerayAPI
import Testing

@testable import BerayServer

/// How the lines of each kind of agent become events, with lines in the form that the agents' documentation gives.
@Suite struct AgentLineTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var format: AgentCommand.Format
    var line: String
    var type: String
    var text: String?
    var testDescription: String { line }

    init(_ format: AgentCommand.Format, _ line: String, _ type: String, _ text: String?) {
      (self.format, self.line, self.type, self.text) = (format, line, type, text)
    }
  }

  @Test(arguments: [
    Case(.lines, "plain words", "stdout", "plain words"),
    Case(.lines, "{not json", "stdout", "{not json"),
    Case(.lines, #"{"event":"step","message":"m"}"#, "step", nil),
    Case(.claude, #"{"type":"system","subtype":"init","model":"m-1","tools":["Bash"]}"#, "system", "init m-1"),
    Case(
      .claude,
      #"{"type":"assistant","message":{"content":[{"type":"text","text":"Hi"},{"type":"tool_use","name":"Bash"}]}}"#,
      "assistant", "Hi\nBash"),
    Case(.claude, #"{"type":"result","subtype":"success","result":"All done","num_turns":3}"#, "result", "All done"),
    Case(.codex, #"{"type":"thread.started","thread_id":"t"}"#, "thread.started", nil),
    Case(
      .codex, #"{"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"Done."}}"#,
      "item.completed", "Done."),
    Case(
      .codex, #"{"type":"item.started","item":{"type":"command_execution","command":"ls -l"}}"#, "item.started",
      "$ ls -l"),
    Case(.codex, #"{"type":"turn.failed","error":{"message":"no quota"}}"#, "turn.failed", "no quota"),
    Case(.gemini, #"{"type":"message","role":"assistant","content":"Hello"}"#, "message", "Hello"),
    Case(.gemini, #"{"type":"tool_use","tool_name":"read_file","parameters":{}}"#, "tool_use", "read_file"),
    Case(
      .goose, #"{"type":"message","message":{"role":"assistant","content":[{"type":"text","text":"Hey"}]}}"#, "message",
      "Hey"),
    Case(.opencode, #"{"type":"text","sessionID":"s","part":{"type":"text","text":"Yes"}}"#, "text", "Yes"),
    Case(
      .opencode, #"{"type":"tool_use","part":{"tool":"bash","state":{"title":"List files"}}}"#, "tool_use",
      "bash List files"),
  ])
  func aLineBecomesAnEvent(_ sample: Case) {
    let event = AgentLineDecoder(format: sample.format).event(ofLine: Array(sample.line.utf8))
    #expect(event.type == sample.type)
    #expect(event.members.first { $0.name == "text" }?.value.stringValue == sample.text)
  }

  @Test func aJSONLineKeepsItsFields() {
    let line = #"{"type":"result","result":"ok","usage":{"tokens":7},"status":"RUNNING"}"#
    let event = AgentLineDecoder(format: .claude).event(ofLine: Array(line.utf8))
    #expect(event.members.first { $0.name == "usage" }?.value == ["tokens": 7])
    // Only the server says how a task stands.
    #expect(event.members.contains { $0.name == "agent_status" })
    #expect(!event.members.contains { $0.name == "status" })
  }
}
