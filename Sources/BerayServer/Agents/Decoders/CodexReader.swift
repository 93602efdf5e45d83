internal import BerayAPI
internal import Foundation

/// `codex exec --json`.
struct CodexReader: AgentReader {
  let words: ToolText
  private var started: Set<String> = []
  private var commands = 0
  private var commandsThatCouldNotRun = 0

  init(words: ToolText) { self.words = words }

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    switch line["type"]?.stringValue {
    case "item.started": return item(line["item"], isStart: true, &summary)
    case "item.completed": return item(line["item"], isStart: false, &summary)
    case "error":
      let text = line["message"]?.stringValue ?? "error"
      if text.hasPrefix("Reconnecting") { return [Statement(.retry, text)] }
      return failed(text, &summary)
    case "turn.failed":
      return failed(line["error"]?["message"]?.stringValue ?? "the turn failed", &summary)
    case "turn.started":
      summary.isOver = false
      return []
    case "turn.completed":
      summary.isOver = true
      summary.turns = (summary.turns ?? 0) + 1
      let usage = line["usage"]
      summary.add(
        inputTokens: usage?["input_tokens"]?.intValue.map(Int.init),
        outputTokens: usage?["output_tokens"]?.intValue.map(Int.init))
      if commands > 0, commands == commandsThatCouldNotRun {
        summary.failure = "no command could run: the sandbox of codex needs bwrap; install bubblewrap"
      } else {
        summary.failure = nil
      }
      return summary.usage.map { [Statement(.usage, $0)] } ?? []
    default: return []
    }
  }

  private func failed(_ text: String, _ summary: inout RunSummary) -> [Statement] {
    guard summary.failure != text else { return [] }
    summary.failure = text
    return [Statement(.error, text)]
  }

  private mutating func item(_ item: JSON?, isStart: Bool, _ summary: inout RunSummary) -> [Statement] {
    guard let item else { return [] }
    let id = item["id"]?.stringValue ?? ""
    // Report an item when it starts. If codex did not announce the start, report it when it ends.
    let isNew = isStart ? started.insert(id).inserted : started.remove(id) == nil
    switch item["type"]?.stringValue {
    case "agent_message":
      let text = (item["text"]?.stringValue ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
      guard !isStart, !text.isEmpty else { return [] }
      summary.answer = text
      return [Statement(.message, text)]
    case "command_execution":
      return command(item, isStart: isStart, isNew: isNew, &summary)
    case "file_change":
      let failed: [Statement] =
        isStart || item["status"]?.stringValue != "failed" ? [] : [Statement(.error, "the change of files failed")]
      return (isNew ? changes(item) : []) + failed
    case "mcp_tool_call":
      let name = [item["server"]?.word, item["tool"]?.word].compactMap(\.self).joined(separator: ".")
      let call = isNew ? [Statement(.tool, call(name, item["arguments"]))] : []
      guard !isStart else { return call }
      if let error = item["error"]?["message"]?.stringValue { return call + [Statement(.error, ToolText.line(error))] }
      return call
        + (ToolText.output(ClaudeReader.text(of: item["result"]?["content"])).map { [Statement(.output, $0)] } ?? [])
    case "web_search":
      return isStart || (item["query"]?.word == nil)
        ? [] : [Statement(.tool, "Search: \(ToolText.line(item["query"]?.stringValue ?? ""))")]
    case "error":
      return isStart ? [] : [Statement(.error, item["message"]?.stringValue ?? "error")]
    default: return []
    }
  }

  /// Words a call without shortening the name: the server's name is a part of an MCP tool's name.
  private func call(_ name: String, _ arguments: JSON?) -> String {
    let text = words.call("call", arguments)
    return name + text.dropFirst("call".count)
  }

  private mutating func command(
    _ item: JSON, isStart: Bool, isNew: Bool, _ summary: inout RunSummary
  ) -> [Statement] {
    let call = isNew ? [Statement(.tool, words.call("Bash", ["command": item["command"] ?? ""]))] : []
    guard !isStart else { return call }
    let output = item["aggregated_output"]?.stringValue ?? ""
    commands += 1
    if output.contains("bwrap"), item["exit_code"]?.intValue != 0 { commandsThatCouldNotRun += 1 }
    if item["status"]?.stringValue == "declined" {
      summary.denied += 1
      return call + [Statement(.denied, "Bash: \(ToolText.line(output.isEmpty ? "not allowed" : output))")]
    }
    let told = ToolText.output(output, exitStatus: item["exit_code"]?.intValue.map(Int.init))
    return call + (told.map { [Statement(.output, $0)] } ?? [])
  }

  private func changes(_ item: JSON) -> [Statement] {
    (item["changes"]?.arrayValue ?? []).compactMap { change in
      guard let path = change["path"]?.stringValue else { return nil }
      let verb =
        switch change["kind"]?.stringValue ?? change["kind"]?["type"]?.stringValue {
        case "add": "Write"
        case "delete": "Delete"
        default: "Edit"
        }
      return Statement(.tool, "\(verb) \(ToolText.line(words.shown(path)))")
    }
  }
}
