internal import BerayAPI
internal import Foundation

/// `claude --output-format stream-json`, and agents with a similar format: Qwen Code, Amp, Cursor.
struct ClaudeReader: AgentReader {
  let words: ToolText
  /// The tool of each call whose result is still missing.
  private var calls: [String: String] = [:]
  private var denied: Set<String> = []
  private var lastMessage: String?

  init(words: ToolText) { self.words = words }

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    switch line["type"]?.stringValue {
    case "system": system(line, &summary)
    case "assistant": assistant(line, &summary)
    case "user": user(line, &summary)
    case "tool_call": cursorCall(line)
    case "result": result(line, &summary)
    case "error": [failed(line["message"]?.stringValue ?? line["error"]?.stringValue ?? "error", &summary)]
    default: []
    }
  }

  private mutating func system(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    switch line["subtype"]?.stringValue {
    case "init":
      return line["model"]?.word.map { [Statement(.session, "model \($0)")] } ?? []
    case "api_retry":
      let cause = [line["error_status"]?.scalarText, line["error"]?.scalarText].compactMap(\.self)
      let delay = line["retry_delay_ms"]?.doubleValue.map { ", next in \(Self.seconds($0))" } ?? ""
      let text = cause.joined(separator: " ")
      summary.failure = text.isEmpty ? summary.failure : "the model's server says \(text)"
      return [Statement(.retry, "api_retry: \(text)\(delay)")]
    case "permission_denied":
      if let id = line["tool_use_id"]?.stringValue, !denied.insert(id).inserted { return [] }
      summary.denied += 1
      let tool = line["tool_name"]?.word ?? "a tool"
      return [Statement(.denied, "\(tool): \(ToolText.line(line["message"]?.stringValue ?? "not allowed"))")]
    default: return []
    }
  }

  private mutating func assistant(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    let isError = line["error"]?.word != nil || line["is_api_error_message"]?.boolValue == true
    var statements: [Statement] = []
    summary.isOver = false
    for block in Self.blocks(line) {
      switch block["type"]?.stringValue {
      case "text":
        let text = (block["text"]?.stringValue ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { continue }
        lastMessage = text
        if isError {
          statements.append(failed(text, &summary))
        } else {
          // The model answers, so a retry has succeeded.
          summary.failure = nil
          summary.answer = text
          statements.append(Statement(.message, text))
        }
      case "tool_use", "server_tool_use":
        summary.failure = nil
        let name = block["name"]?.word ?? "tool"
        if let id = block["id"]?.stringValue { calls[id] = name }
        statements.append(Statement(.tool, words.call(name, block["input"])))
      default: continue
      }
    }
    return statements
  }

  private mutating func user(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    Self.blocks(line).compactMap { block in
      guard block["type"]?.stringValue == "tool_result" else { return nil }
      let id = block["tool_use_id"]?.stringValue ?? ""
      let tool = calls.removeValue(forKey: id) ?? ""
      let text = Self.text(of: block["content"])
      if block["is_error"]?.boolValue == true { return toolFailed(line, id: id, tool: tool, text: text, &summary) }
      guard !Self.isSilent(tool) else { return nil }
      return ToolText.output(text).map { Statement(.output, $0) }
    }
  }

  private mutating func toolFailed(
    _ line: JSON, id: String, tool: String, text: String, _ summary: inout RunSummary
  ) -> Statement? {
    if denied.contains(id) { return nil }
    let meta = line["tool_result_meta"]?.arrayValue?.first { $0["id"]?.stringValue == id }
    if meta?["permission_decision"]?["decision"]?.stringValue == "reject" {
      denied.insert(id)
      summary.denied += 1
      return Statement(.denied, "\(tool): \(ToolText.line(text))")
    }
    let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    if let first = lines.first, first.hasPrefix("Exit code "), let status = Int(first.dropFirst("Exit code ".count)) {
      return ToolText.output(lines.count > 1 ? String(lines[1]) : "", exitStatus: status).map { Statement(.output, $0) }
    }
    let plain = text.replacing("<tool_use_error>", with: "").replacing("</tool_use_error>", with: "")
    return Statement(.error, tool.isEmpty ? ToolText.line(plain) : "\(tool): \(ToolText.line(plain))")
  }

  private mutating func result(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    summary.isOver = true
    summary.turns = line["num_turns"]?.intValue.map(Int.init) ?? summary.turns
    let usage = line["usage"]
    let read = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
      .compactMap { usage?[$0]?.intValue }
    if !read.isEmpty { summary.inputTokens = Int(read.reduce(0, +)) }
    summary.outputTokens = usage?["output_tokens"]?.intValue.map(Int.init) ?? summary.outputTokens
    summary.cost = line["total_cost_usd"]?.doubleValue ?? summary.cost
    summary.denied = max(summary.denied, line["permission_denials"]?.arrayValue?.count ?? 0)
    let text = (line["result"]?.stringValue ?? line["error"]?["message"]?.stringValue ?? "")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    var statements: [Statement] = []
    if line["is_error"]?.boolValue == true {
      let reason = text.isEmpty ? line["subtype"]?.word ?? "the agent failed" : text
      if summary.failure != reason { statements.append(failed(reason, &summary)) }
    } else {
      summary.failure = nil
      if !text.isEmpty {
        if text != lastMessage { statements.append(Statement(.message, text)) }
        summary.answer = text
      }
    }
    if let usage = summary.usage { statements.append(Statement(.usage, usage)) }
    return statements
  }

  /// Cursor: `{"type":"tool_call","subtype":"started","tool_call":{"shellToolCall":{"args":{"command":…}}}}`.
  private func cursorCall(_ line: JSON) -> [Statement] {
    guard let call = line["tool_call"]?.objectValue?.first else { return [] }
    let name = call.name.hasSuffix("ToolCall") ? String(call.name.dropLast("ToolCall".count)) : call.name
    if line["subtype"]?.stringValue == "started" { return [Statement(.tool, words.call(name, call.value["args"]))] }
    let result = call.value["result"]
    if let reason = result?["rejected"]?["reason"]?.stringValue ?? result?["error"]?["message"]?.stringValue {
      return [Statement(.error, "\(name): \(ToolText.line(reason))")]
    }
    guard let done = result?["success"], done["stdout"] != nil || done["exitCode"] != nil else { return [] }
    let text = (done["stdout"]?.stringValue ?? "") + (done["stderr"]?.stringValue ?? "")
    return ToolText.output(text, exitStatus: done["exitCode"]?.intValue.map(Int.init)).map { [Statement(.output, $0)] }
      ?? []
  }

  private func failed(_ text: String, _ summary: inout RunSummary) -> Statement {
    summary.failure = text
    return Statement(.error, text)
  }

  /// Whether the result of a successful call is left out, because the call already says enough.
  private static func isSilent(_ tool: String) -> Bool {
    let quiet = ["Write", "Edit", "MultiEdit", "NotebookEdit", "Read", "TodoWrite", "Glob", "LS"]
    return quiet.contains(tool) || ["write_file", "read_file", "replace", "edit", "create_file"].contains(tool)
  }

  private static func blocks(_ line: JSON) -> [JSON] {
    let content = line["message"]?["content"]
    if let text = content?.stringValue { return [["type": "text", "text": .string(text)]] }
    return content?.arrayValue ?? []
  }

  static func text(of content: JSON?) -> String {
    if let text = content?.stringValue { return text }
    return (content?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined(separator: "\n")
  }

  static func seconds(_ milliseconds: Double) -> String {
    milliseconds < 1000 ? String(format: "%.1f s", milliseconds / 1000) : "\(Int((milliseconds / 1000).rounded())) s"
  }
}
