internal import BerayAPI
internal import Foundation

/// One thing that an agent did or said, in a line for people.
struct Statement: Hashable, Sendable {
  enum Kind: String, Sendable {
    case message
    case tool
    case output
    case denied
    case retry
    case error
    case usage
    case session
    case stdout
  }

  var kind: Kind
  var text: String
  /// Whether lines before this one said it, in pieces.
  var isEarlier = false

  init(_ kind: Kind, _ text: String, isEarlier: Bool = false) {
    self.kind = kind
    self.text = text
    self.isEarlier = isEarlier
  }
}

/// What an agent told of its whole run.
struct RunSummary: Hashable, Sendable {
  /// Its last answer.
  var answer: String?
  /// Why it failed, where its words say so.
  var failure: String?
  /// The last line of its stderr that complains: why it failed, where it failed and says no more.
  var complaint: String?
  var turns: Int?
  var inputTokens: Int?
  var outputTokens: Int?
  /// Where the agent does not tell them apart.
  var totalTokens: Int?
  /// In US dollars.
  var cost: Double?
  /// Calls of tools that were refused.
  var denied = 0
  /// It said its result: whatever it still waits for is no part of the task.
  var isOver = false

  mutating func add(inputTokens: Int?, outputTokens: Int?, cost: Double? = nil) {
    if let inputTokens { self.inputTokens = (self.inputTokens ?? 0) + inputTokens }
    if let outputTokens { self.outputTokens = (self.outputTokens ?? 0) + outputTokens }
    if let cost { self.cost = (self.cost ?? 0) + cost }
  }

  /// `2 turns, 240 tokens in, 40 out, $0.0018, 1 denied`; nil if the agent told nothing of the kind.
  var usage: String? {
    var parts: [String] = []
    if let turns { parts.append(turns == 1 ? "1 turn" : "\(turns) turns") }
    if let inputTokens { parts.append("\(inputTokens) tokens in") }
    if let outputTokens { parts.append(inputTokens == nil ? "\(outputTokens) tokens out" : "\(outputTokens) out") }
    if let totalTokens { parts.append("\(totalTokens) tokens") }
    if let cost { parts.append(Self.dollars(cost)) }
    if denied > 0 { parts.append("\(denied) denied") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// What the last event of a task says of its run.
  var members: [JSON.Member] {
    var members: [JSON.Member] = []
    if let turns { members.append(.init("turns", JSON(turns))) }
    if let inputTokens { members.append(.init("input_tokens", JSON(inputTokens))) }
    if let outputTokens { members.append(.init("output_tokens", JSON(outputTokens))) }
    if let totalTokens { members.append(.init("total_tokens", JSON(totalTokens))) }
    if let cost { members.append(.init("cost_usd", .number(String(cost)))) }
    if denied > 0 { members.append(.init("denied", JSON(denied))) }
    return members
  }

  private static func dollars(_ cost: Double) -> String {
    cost == 0 || cost >= 0.1 ? String(format: "$%.2f", cost) : String(format: "$%.4f", cost)
  }
}

/// Understands what one kind of agent writes.
protocol AgentReader: Sendable {
  /// What a line that is a JSON object says; nothing where it repeats something, or is for programs alone.
  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement]
  /// What a line of text says.
  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement]
  /// What is left to say when the agent has ended.
  mutating func finish(_ summary: inout RunSummary) -> [Statement]
}

extension AgentReader {
  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement] {
    text.allSatisfy(\.isWhitespace) ? [] : [Statement(.stdout, text)]
  }

  mutating func finish(_ summary: inout RunSummary) -> [Statement] { [] }
}

/// Joins the pieces of a text that an agent sends as it comes.
struct Chunks: Sendable {
  private var text = ""
  private var source: String?

  /// Takes a piece.
  /// - Parameter source: what the text belongs to; a piece of another text ends the one before it.
  /// - Returns: the text before it, where that is complete now.
  mutating func push(_ piece: String, of source: String?, _ summary: inout RunSummary) -> [Statement] {
    var earlier: [Statement] = []
    if source != self.source { earlier = finish(&summary) }
    self.source = source
    text += piece
    return earlier
  }

  /// The text that is complete.
  mutating func finish(_ summary: inout RunSummary) -> [Statement] {
    let whole = text.trimmingCharacters(in: .whitespacesAndNewlines)
    text = ""
    source = nil
    guard !whole.isEmpty else { return [] }
    summary.answer = whole
    return [Statement(.message, whole, isEarlier: true)]
  }
}
