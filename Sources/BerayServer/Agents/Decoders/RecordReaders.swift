internal import BerayAPI
internal import Foundation

/// `copilot --output-format json`.
struct CopilotReader: AgentReader {
  let words: ToolText
  private var calls: [String: String] = [:]

  init(words: ToolText) { self.words = words }

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    let data = line["data"]
    switch line["type"]?.stringValue {
    case "assistant.message":
      summary.turns = (summary.turns ?? 0) + 1
      summary.add(inputTokens: nil, outputTokens: data?["outputTokens"]?.intValue.map(Int.init))
      let text = (data?["content"]?.stringValue ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
      guard !text.isEmpty else { return [] }
      summary.answer = text
      return [Statement(.message, text)]
    case "tool.execution_start":
      let name = data?["toolName"]?.word ?? "tool"
      if let id = data?["toolCallId"]?.stringValue { calls[id] = name }
      return name == "report_intent" ? [] : [Statement(.tool, words.call(name, data?["arguments"]))]
    case "tool.execution_complete":
      let name = calls.removeValue(forKey: data?["toolCallId"]?.stringValue ?? "") ?? "tool"
      if data?["success"]?.boolValue == false {
        let text = data?["error"]?["message"]?.stringValue ?? data?["result"]?["content"]?.stringValue ?? "failed"
        if data?["error"]?["code"]?.stringValue == "denied" || text.lowercased().contains("permission denied") {
          summary.denied += 1
          return [Statement(.denied, "\(name): \(ToolText.line(text))")]
        }
        return [Statement(.error, "\(name): \(ToolText.line(text))")]
      }
      guard name == "bash" else { return [] }
      return ToolText.output(data?["result"]?["content"]?.stringValue ?? "").map { [Statement(.output, $0)] } ?? []
    case "session.error", "error":
      let text = data?["message"]?.stringValue ?? line["message"]?.stringValue ?? "error"
      summary.failure = text
      return [Statement(.error, text)]
    case "result":
      summary.isOver = true
      if line["exitCode"]?.intValue != 0 { summary.failure = summary.failure ?? "copilot failed" }
      return usage(summary)
    default: return []
    }
  }
}

/// `vibe --output streaming`.
struct VibeReader: AgentReader {
  let words: ToolText

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    switch line["type"]?.stringValue {
    case "message":
      guard line["role"]?.stringValue == "assistant" else { return [] }
      let text = ClaudeReader.text(of: line["content"]).trimmingCharacters(in: .whitespacesAndNewlines)
      summary.turns = (summary.turns ?? 0) + 1
      guard !text.isEmpty else { return [] }
      summary.answer = text
      return [Statement(.message, text)]
    case "effect":
      let (detail, state) = (line["detail"], line["state"])
      let name = detail?["toolName"]?.word ?? line["title"]?.word ?? "tool"
      let call = Statement(.tool, words.call(name, detail?["input"]))
      if let decision = state?["decision"]?.stringValue, decision != "execute" {
        summary.denied += 1
        return [call, Statement(.denied, name)]
      }
      if state?["status"]?.stringValue == "failed" || state?["display"]?["success"]?.boolValue == false {
        let text = state?["error"]?.stringValue ?? state?["outputText"]?.stringValue ?? "failed"
        return [call, Statement(.error, ToolText.line(text))]
      }
      guard detail?["kind"]?.stringValue == "shell" else { return [call] }
      let output = ToolText.output(
        state?["outputText"]?.stringValue ?? "", exitStatus: state?["output"]?["returnCode"]?.intValue.map(Int.init))
      return [call] + (output.map { [Statement(.output, $0)] } ?? [])
    default: return []
    }
  }
}

/// `gptme --output-format json`.
struct GptmeReader: AgentReader {
  let words: ToolText
  private var lastMessage = ""

  init(words: ToolText) { self.words = words }

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    let content = line["content"]?.stringValue ?? ""
    switch line["role"]?.stringValue {
    case "assistant":
      let metadata = line["metadata"]
      summary.turns = (summary.turns ?? 0) + 1
      summary.add(
        inputTokens: metadata?["usage"]?["input_tokens"]?.intValue.map(Int.init),
        outputTokens: metadata?["usage"]?["output_tokens"]?.intValue.map(Int.init),
        cost: metadata?["cost"]?.doubleValue)
      return assistant(content, &summary)
    case "system":
      if content.hasPrefix("Error") { return [Statement(.error, ToolText.line(content))] }
      guard line["metadata"]?["tool"]?.stringValue == "shell" else { return [] }
      return output(content).map { [Statement(.output, $0)] } ?? []
    default: return []
    }
  }

  /// Reports only errors: the output of a command arrives again in its record.
  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement] {
    let line = EscapeSequences.plain(text)
    return line.contains("Error") ? [Statement(.error, ToolText.line(line))] : []
  }

  /// Reads text, followed by tool calls such as `@shell(call_1): {"command": …}`. Drops a repeated text: gptme sends
  /// reminders that make the model say the same again.
  private mutating func assistant(_ content: String, _ summary: inout RunSummary) -> [Statement] {
    var text: [Substring] = []
    var calls: [Statement] = []
    for line in content.split(separator: "\n", omittingEmptySubsequences: false) {
      if let match = line.firstMatch(of: /^@(\w+)\([^)]*\): (\{.*)$/), let input = try? JSON(parsing: String(match.2)) {
        calls.append(Statement(.tool, words.call(String(match.1), input)))
      } else {
        text.append(line)
      }
    }
    let message = text.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    defer { lastMessage = message }
    guard !message.isEmpty else { return calls }
    summary.answer = message
    return (message == lastMessage && calls.isEmpty ? [] : [Statement(.message, message)]) + calls
  }

  /// Reads ``Ran command: `…`\n\n```\n…\n```\nReturn code: 1``.
  private func output(_ content: String) -> String? {
    let status = content.firstMatch(of: /(?:Return code|exit code):? (\d+)/).flatMap { Int($0.1) }
    let lines = content.split(separator: "\n").filter {
      !$0.hasPrefix("Ran command:") && !$0.hasPrefix("```") && !$0.hasPrefix("Return code") && $0 != "No output"
        && !$0.hasPrefix("Executed code block")
    }
    return ToolText.output(lines.joined(separator: "\n"), exitStatus: status)
  }
}

/// `openhands --headless --json`: JSON lines mixed with text for a terminal.
struct OpenHandsReader: AgentReader {
  let words: ToolText

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    switch line["kind"]?.stringValue {
    case "MessageEvent":
      guard line["source"]?.stringValue == "agent" else { return [] }
      return said(ClaudeReader.text(of: line["llm_message"]?["content"]), &summary)
    case "ActionEvent":
      let action = line["action"]
      let thought = said(ClaudeReader.text(of: line["thought"]), &summary)
      if action?["kind"]?.stringValue == "FinishAction" {
        summary.isOver = true
        summary.failure = nil
        let answer = said(action?["message"]?.stringValue ?? "", &summary)
        return answer == thought ? answer : thought + answer
      }
      return thought + [Statement(.tool, words.call(line["tool_name"]?.word ?? "tool", action))]
    case "ObservationEvent":
      let observation = line["observation"]
      let text = ClaudeReader.text(of: observation?["content"])
      if observation?["is_error"]?.boolValue == true { return [Statement(.error, ToolText.line(text))] }
      guard observation?["command"] != nil, observation?["path"] == nil else { return [] }
      let status = observation?["exit_code"]?.intValue ?? observation?["metadata"]?["exit_code"]?.intValue
      return ToolText.output(text, exitStatus: status.map(Int.init)).map { [Statement(.output, $0)] } ?? []
    case "UserRejectObservation":
      summary.denied += 1
      return [Statement(.denied, line["tool_name"]?.word ?? "a tool")]
    case "AgentErrorEvent":
      // The model sees the error too and carries on, so the run has not failed.
      return [Statement(.error, ToolText.line(line["error"]?.stringValue ?? "error"))]
    case "ConversationErrorEvent":
      let text = line["detail"]?.stringValue ?? line["code"]?.stringValue ?? "error"
      summary.failure = text
      return [Statement(.error, ToolText.line(text))]
    default: return []
    }
  }

  /// The text between the JSON lines is for a terminal: progress, and the same content in frames. Only failures matter.
  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement] {
    let text = EscapeSequences.plain(text).trimmingCharacters(in: .whitespaces)
    guard text.contains("Error") || text.hasPrefix("error") else { return [] }
    summary.failure = text
    return [Statement(.error, text)]
  }

  private func said(_ text: String, _ summary: inout RunSummary) -> [Statement] {
    let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty else { return [] }
    summary.answer = text
    return [Statement(.message, text)]
  }
}

/// `droid exec --output-format stream-json`.
struct DroidReader: AgentReader {
  let words: ToolText
  private var calls: [String: String] = [:]

  init(words: ToolText) { self.words = words }

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    switch line["type"]?.stringValue {
    case "system": return line["model"]?.word.map { [Statement(.session, "model \($0)")] } ?? []
    case "message":
      let text = (line["text"]?.stringValue ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
      guard line["role"]?.stringValue == "assistant", !text.isEmpty else { return [] }
      summary.answer = text
      return [Statement(.message, text)]
    case "tool_call":
      let name = line["toolName"]?.word ?? "tool"
      if let id = line["id"]?.stringValue ?? line["toolCallId"]?.stringValue { calls[id] = name }
      return [Statement(.tool, words.call(name, line["parameters"]))]
    case "tool_result":
      let id = line["id"]?.stringValue ?? line["toolCallId"]?.stringValue ?? ""
      let name = calls.removeValue(forKey: id) ?? line["toolName"]?.word ?? "tool"
      let text = line["value"]?.stringValue ?? line["error"]?["message"]?.stringValue ?? ""
      if line["isError"]?.boolValue == true { return [Statement(.error, "\(name): \(ToolText.line(text))")] }
      return name == "Execute" ? ToolText.output(text).map { [Statement(.output, $0)] } ?? [] : []
    case "completion":
      summary.isOver = true
      summary.turns = line["numTurns"]?.intValue.map(Int.init)
      if let text = line["finalText"]?.word { summary.answer = text }
      return usage(summary)
    case "error":
      let text = line["message"]?.stringValue ?? "error"
      summary.failure = text
      return [Statement(.error, text)]
    default: return []
    }
  }
}
