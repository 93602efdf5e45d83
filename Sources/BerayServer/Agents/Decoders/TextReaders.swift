internal import BerayAPI
internal import DequeModule
internal import Foundation

/// A custom agent: each line of text is passed on unchanged, and a JSON object keeps its own type.
struct LineReader: AgentReader {
  private var hasMessage = false

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    let type = ["type", "event_type", "event", "kind"].lazy.compactMap { line[$0]?.word }.first ?? ""
    let text = ["text", "result", "content", "message"].lazy.compactMap { line[$0]?.word }.first
    if let text, ["message", "result", "answer", "final", "assistant", "text"].contains(type) {
      hasMessage = true
      summary.answer = text
    }
    return []
  }

  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement] {
    let plain = EscapeSequences.plain(text)
    if !hasMessage, !plain.allSatisfy(\.isWhitespace) { summary.answer = plain }
    return [Statement(.stdout, text)]
  }
}

/// `crush run --quiet` and similar agents: the whole output is the answer.
struct TextReader: AgentReader {
  private var lines: Deque<String> = []

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    read(text: line.serialized(), &summary)
  }

  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement] {
    let plain = EscapeSequences.plain(text)
    lines.append(plain)
    if lines.count > 200 { lines.removeFirst() }
    summary.answer = lines.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    if summary.answer?.isEmpty == true { summary.answer = nil }
    return plain.allSatisfy(\.isWhitespace) ? [] : [Statement(.message, plain)]
  }
}

/// `aider --message-file`: text, with edits as blocks between `<<<<<<< SEARCH` and `>>>>>>> REPLACE`.
struct AiderReader: AgentReader {
  private enum Place {
    /// aider's own introduction, before the model speaks.
    case banner
    case answer
    case block
    /// After a block, before its closing fence.
    case blockEnd
    case cause
  }

  let words: ToolText
  private var place = Place.banner
  private var message: [String] = []
  private var cause: [String] = []

  init(words: ToolText) { self.words = words }

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    read(text: line.serialized(), &summary)
  }

  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement] {
    let line = EscapeSequences.plain(text).trimmingCharacters(in: .whitespaces)
    if let path = Self.rest(of: line, after: "Applied edit to ") {
      return flush(&summary) + [Statement(.tool, "Edit \(words.shown(path))")]
    }
    if let model = Self.rest(of: line, after: "Main model: ") {
      return [Statement(.session, "model \(model)")]
    }
    if line.hasPrefix("Tokens: ") {
      let told = usage(line, &summary) + flush(&summary)
      place = .answer
      return told
    }
    if Self.isFailure(line) {
      let told = flush(&summary)
      place = .cause
      cause = [line]
      return told
    }
    switch place {
    case .cause:
      if line.isEmpty { return flush(&summary) }
      cause.append(line)
    case .banner:
      // The banner ends with `Repo-map:`. A link to the release notes may follow, which `answer` skips.
      if line.hasPrefix("Repo-map:") { place = .answer }
    case .answer:
      if line == "<<<<<<< SEARCH" {
        dropBlockStart()
        place = .block
      } else if !line.hasPrefix("https://aider.chat/"), !Self.isNotice(line) {
        message.append(line)
      }
    case .block:
      if line == ">>>>>>> REPLACE" { place = .blockEnd }
    case .blockEnd:
      place = .answer
      if line != "```" { message.append(line) }
    }
    return []
  }

  mutating func finish(_ summary: inout RunSummary) -> [Statement] { flush(&summary) }

  /// Ends the text that was read so far and returns it.
  private mutating func flush(_ summary: inout RunSummary) -> [Statement] {
    if place == .cause {
      let text = cause.joined(separator: " ")
      place = .answer
      cause = []
      summary.failure = text
      return [Statement(.error, text)]
    }
    let text = message.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    message = []
    // A lone file name only repeats which file was edited.
    guard !text.isEmpty, text != "```", text.contains(where: \.isWhitespace) else { return [] }
    if summary.failure == nil { summary.answer = text }
    return [Statement(.message, text)]
  }

  /// Drops the file name and the opening fence before a block: they are not part of the model's message.
  private mutating func dropBlockStart() {
    while let last = message.last, last.hasPrefix("```") || last.isEmpty { message.removeLast() }
    if let last = message.last, !last.contains(" ") { message.removeLast() }
  }

  /// `Tokens: 100 sent, 10 received. Cost: $0.00035 message, $0.00035 session.`
  private func usage(_ line: String, _ summary: inout RunSummary) -> [Statement] {
    summary.turns = (summary.turns ?? 0) + 1
    summary.failure = nil
    func number(_ match: Substring?) -> Int? {
      guard let match else { return nil }
      let scale: Double = match.hasSuffix("k") ? 1000 : match.hasSuffix("M") ? 1_000_000 : 1
      return Double(match.filter { $0.isNumber || $0 == "." }).map { Int($0 * scale) }
    }
    summary.add(
      inputTokens: number(line.firstMatch(of: /([\d.,]+[kM]?) sent/)?.1),
      outputTokens: number(line.firstMatch(of: /([\d.,]+[kM]?) received/)?.1))
    if let cost = line.firstMatch(of: /\$([\d.]+) session/).flatMap({ Double($0.1) }) { summary.cost = cost }
    return []
  }

  private static func rest(of line: String, after prefix: String) -> String? {
    line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : nil
  }

  private static func isFailure(_ line: String) -> Bool {
    line.contains(/^(litellm\.\w*(Error|Exception)|litellm\.\w+Exceeded)/)
      || line.hasPrefix("No LLM model was specified") || line.hasPrefix("Unable to authenticate")
  }

  private static func isNotice(_ line: String) -> Bool {
    line.hasPrefix("HTTPSConnectionPool(") || line.hasPrefix("Retrying in ")
  }
}

/// `mini --yolo`: text, one step at a time.
struct MiniReader: AgentReader {
  private enum Place {
    /// mini's instructions to the model.
    case prompt
    case message
    case command
    case toolHead
    case output
  }

  let words: ToolText
  private var place = Place.prompt
  private var lines: [String] = []
  private var status: Int?

  init(words: ToolText) { self.words = words }

  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement] {
    read(text: line.serialized(), &summary)
  }

  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement] {
    let line = EscapeSequences.plain(text)
    if let step = line.firstMatch(of: /^mini-swe-agent \(step (\d+), \$([\d.]+)\):/) {
      let told = flush(&summary)
      summary.turns = Int(step.1)
      summary.cost = Double(step.2)
      place = .message
      return told
    }
    if line.contains(/^(litellm\.\w*(Error|Exception)|\w+(\.\w+)*\.\w*Error):?/) {
      summary.failure = line
      return flush(&summary) + [Statement(.error, ToolText.line(line))]
    }
    switch place {
    case .prompt: break
    case .message, .command:
      if line == "```" {
        let told = flush(&summary)
        place = place == .message ? .command : .message
        return told
      }
      if line == "Tool:" {
        let told = flush(&summary)
        place = .toolHead
        return told
      }
      if line == "Exit:" { return end(&summary) }
      lines.append(line)
    case .toolHead:
      if let number = Int(line) { status = number }
      if line == "<output>" { place = .output }
    case .output:
      if line == "Exit:" { return end(&summary) }
      if line.hasPrefix("────") || line.hasPrefix("Provider List:") { return [] }
      lines.append(line)
    }
    return []
  }

  mutating func finish(_ summary: inout RunSummary) -> [Statement] { flush(&summary) }

  private mutating func end(_ summary: inout RunSummary) -> [Statement] {
    let told = flush(&summary)
    place = .prompt
    return told
  }

  private mutating func flush(_ summary: inout RunSummary) -> [Statement] {
    let text = lines.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    let told = status
    lines = []
    status = nil
    switch place {
    case .message where !text.isEmpty:
      summary.answer = text
      return [Statement(.message, text)]
    case .command where !text.isEmpty:
      return [Statement(.tool, words.call("Bash", ["command": .string(text)]))]
    case .output where !text.hasPrefix("<exception_info>\naction was not executed"):
      return ToolText.output(text, exitStatus: told).map { [Statement(.output, $0)] } ?? []
    default: return []
    }
  }
}
