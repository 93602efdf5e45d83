internal import BerayAPI
internal import Foundation

/// `gemini --output-format stream-json`.
struct GeminiReader: AgentReader {
  let words: ToolText
  private var chunks = Chunks()
  private var calls: [String: String] = [:]

  init(words: ToolText) { self.words = words }

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    let type = line["type"]?.stringValue
    if type == "message" {
      guard line["role"]?.stringValue != "user" else { return [] }
      let piece = line["content"]?.stringValue ?? ""
      let earlier = chunks.push(piece, of: "assistant", &summary)
      return line["delta"]?.boolValue == true ? earlier : earlier + now(chunks.finish(&summary))
    }
    return chunks.finish(&summary) + other(line, type, &summary)
  }

  mutating func finish(_ summary: inout RunSummary) -> [Statement] { chunks.finish(&summary) }

  private mutating func other(_ line: JSON, _ type: String?, _ summary: inout RunSummary) -> [Statement] {
    switch type {
    case "init": return line["model"]?.word.map { [Statement(.session, "model \($0)")] } ?? []
    case "tool_use":
      let name = line["tool_name"]?.word ?? "tool"
      if let id = line["tool_id"]?.stringValue { calls[id] = name }
      return [Statement(.tool, words.call(name, line["parameters"]))]
    case "tool_result":
      let name = calls.removeValue(forKey: line["tool_id"]?.stringValue ?? "") ?? "tool"
      if line["status"]?.stringValue == "error" {
        let text = line["error"]?["message"]?.stringValue ?? line["output"]?.stringValue ?? "failed"
        if text.lowercased().contains("denied") { summary.denied += 1 }
        return [Statement(.error, "\(name): \(ToolText.line(text))")]
      }
      guard name == "run_shell_command" || name.hasPrefix("mcp") else { return [] }
      return ToolText.output(line["output"]?.stringValue ?? "").map { [Statement(.output, $0)] } ?? []
    case "error":
      let text = line["message"]?.stringValue ?? "error"
      if line["severity"]?.stringValue == "error" { summary.failure = text }
      return [Statement(.error, text)]
    case "result":
      summary.isOver = true
      let stats = line["stats"]
      summary.add(
        inputTokens: stats?["input_tokens"]?.intValue.map(Int.init),
        outputTokens: stats?["output_tokens"]?.intValue.map(Int.init))
      if line["status"]?.stringValue == "error" {
        let text = line["error"]?["message"]?.stringValue ?? "the agent failed"
        if summary.failure != text {
          summary.failure = text
          return [Statement(.error, text)] + usage(summary)
        }
      }
      return usage(summary)
    default: return []
    }
  }

  private func now(_ statements: [Statement]) -> [Statement] { statements.map { Statement($0.kind, $0.text) } }
}

/// `goose run --output-format stream-json`.
struct GooseReader: AgentReader {
  let words: ToolText
  private var chunks = Chunks()
  private var calls: [String: String] = [:]

  init(words: ToolText) { self.words = words }

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    switch line["type"]?.stringValue {
    case "message": return message(line["message"], &summary)
    case "error":
      let text = line["error"]?.stringValue ?? line["error"]?["message"]?.stringValue ?? "error"
      summary.failure = text
      return chunks.finish(&summary) + [Statement(.error, text)]
    case "complete":
      summary.isOver = true
      summary.add(
        inputTokens: line["input_tokens"]?.intValue.map(Int.init),
        outputTokens: line["output_tokens"]?.intValue.map(Int.init))
      if summary.inputTokens == nil { summary.totalTokens = line["total_tokens"]?.intValue.map(Int.init) }
      return chunks.finish(&summary) + usage(summary)
    default: return []
    }
  }

  mutating func finish(_ summary: inout RunSummary) -> [Statement] { chunks.finish(&summary) }

  private mutating func message(_ message: JSON?, _ summary: inout RunSummary) -> [Statement] {
    var statements: [Statement] = []
    for block in message?["content"]?.arrayValue ?? [] {
      switch block["type"]?.stringValue {
      case "text":
        guard message?["role"]?.stringValue != "user" else { continue }
        statements += chunks.push(block["text"]?.stringValue ?? "", of: message?["id"]?.stringValue, &summary)
      case "toolRequest":
        statements += chunks.finish(&summary)
        let call = block["toolCall"]?["value"]
        let name = call?["name"]?.word ?? "tool"
        if let id = block["id"]?.stringValue { calls[id] = name }
        statements.append(Statement(.tool, words.call(name, call?["arguments"])))
      case "toolResponse":
        let name = calls.removeValue(forKey: block["id"]?.stringValue ?? "") ?? "tool"
        let result = block["toolResult"]
        if let error = result?["error"]?.stringValue {
          statements.append(Statement(.error, "\(name): \(ToolText.line(error))"))
        } else if name.hasSuffix("shell") {
          let value = result?["value"]
          let text = ClaudeReader.text(of: value?["content"] ?? value)
          statements += ToolText.output(text).map { [Statement(.output, $0)] } ?? []
        }
      default: continue
      }
    }
    return statements
  }
}

/// `opencode run --format json`.
struct OpenCodeReader: AgentReader {
  let words: ToolText

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    let part = line["part"]
    switch line["type"]?.stringValue {
    case "text":
      let text = (part?["text"]?.stringValue ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
      guard !text.isEmpty else { return [] }
      summary.answer = text
      return [Statement(.message, text)]
    case "tool_use":
      let name = part?["tool"]?.word ?? "tool"
      let state = part?["state"]
      let input = state?["input"]
      let call =
        input?.objectValue?.isEmpty == false
        ? words.call(name, input)
        : [name, state?["title"]?.word].compactMap(\.self).joined(separator: ": ")
      var statements = [Statement(.tool, call)]
      if let error = state?["error"]?.stringValue {
        statements.append(Statement(.error, ToolText.line(error)))
      } else if name == "bash",
        let text = ToolText.output(
          state?["output"]?.stringValue ?? "", exitStatus: state?["metadata"]?["exit"]?.intValue.map(Int.init))
      {
        statements.append(Statement(.output, text))
      }
      return statements
    case "step_finish":
      summary.turns = (summary.turns ?? 0) + 1
      summary.add(
        inputTokens: part?["tokens"]?["input"]?.intValue.map(Int.init),
        outputTokens: part?["tokens"]?["output"]?.intValue.map(Int.init), cost: part?["cost"]?.doubleValue)
      return []
    case "error":
      let error = line["error"]
      let text =
        error?["data"]?["message"]?.stringValue ?? error?["message"]?.stringValue ?? error?["name"]?.stringValue
      summary.failure = text ?? "error"
      return [Statement(.error, text ?? "error")]
    default: return []
    }
  }
}
