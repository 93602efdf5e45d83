internal import BerayAPI
internal import Foundation

/// One thing that an agent did or said, worded for people.
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
  /// Whether it comes from earlier lines, which carried it in pieces.
  var isEarlier = false

  init(_ kind: Kind, _ text: String, isEarlier: Bool = false) {
    self.kind = kind
    self.text = text
    self.isEarlier = isEarlier
  }
}

/// What an agent reported about its whole run.
struct RunSummary: Hashable, Sendable {
  /// Its last answer.
  var answer: String?
  /// Why the agent failed; nil if it has reported no failure.
  var failure: String?
  /// The last line of stderr that reports an error: the best reason if the agent fails without giving one.
  var complaint: String?
  var turns: Int?
  var inputTokens: Int?
  var outputTokens: Int?
  /// Input and output together, for agents that report only the sum.
  var totalTokens: Int?
  /// In US dollars.
  var cost: Double?
  /// How many tool calls were refused.
  var denied = 0
  /// Whether the agent has reported its result. It should exit then; anything it still waits for is not the task.
  var isOver = false

  mutating func add(inputTokens: Int?, outputTokens: Int?, cost: Double? = nil) {
    if let inputTokens { self.inputTokens = (self.inputTokens ?? 0) + inputTokens }
    if let outputTokens { self.outputTokens = (self.outputTokens ?? 0) + outputTokens }
    if let cost { self.cost = (self.cost ?? 0) + cost }
  }

  /// `2 turns, 240 tokens in, 40 out, $0.0018, 1 denied`; nil if the agent reported none of these.
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

  /// The members that the last event of a task carries.
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

/// Reads the output format of one kind of agent.
protocol AgentReader: Sendable {
  /// Reads a line that is a JSON object. Returns nothing if the line repeats something or is for programs only.
  mutating func read(_ line: JSON, _ summary: inout RunSummary) -> [Statement]
  /// Reads a line that is not a JSON object.
  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement]
  /// Returns the remaining statements once the agent has ended.
  mutating func finish(_ summary: inout RunSummary) -> [Statement]
}

extension AgentReader {
  mutating func read(text: String, _ summary: inout RunSummary) -> [Statement] {
    text.allSatisfy(\.isWhitespace) ? [] : [Statement(.stdout, text)]
  }

  mutating func finish(_ summary: inout RunSummary) -> [Statement] { [] }

  func usage(_ summary: RunSummary) -> [Statement] { summary.usage.map { [Statement(.usage, $0)] } ?? [] }
}

/// Joins the pieces of a text that an agent streams.
struct Chunks: Sendable {
  private var text = ""
  private var source: String?

  /// Appends a piece.
  /// - Parameter source: the text that the piece belongs to. A piece of another text completes the one before.
  /// - Returns: the text that this piece completed, if any.
  mutating func push(_ piece: String, of source: String?, _ summary: inout RunSummary) -> [Statement] {
    var earlier: [Statement] = []
    if source != self.source { earlier = finish(&summary) }
    self.source = source
    text += piece
    return earlier
  }

  /// Ends the text and returns it.
  mutating func finish(_ summary: inout RunSummary) -> [Statement] {
    let whole = text.trimmingCharacters(in: .whitespacesAndNewlines)
    text = ""
    source = nil
    guard !whole.isEmpty else { return [] }
    summary.answer = whole
    return [Statement(.message, whole, isEarlier: true)]
  }
}
