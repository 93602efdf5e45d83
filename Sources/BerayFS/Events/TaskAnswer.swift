import BerayAPI

/// What a task's events tell of its outcome, for `result` and `error` if the server itself tells none.
struct TaskAnswer: Sendable {
  /// How likely an event's text is an answer; a greater value is more likely.
  private enum Weight: Int {
    case output, message, result
  }

  private var answer: (text: String, weight: Weight)?
  private var failure: (text: String, isOutput: Bool)?
  /// What the final status came with.
  private var end: String?

  mutating func take(_ event: TaskEvent) {
    guard let text = event.text, !text.isEmpty else { return }
    let letters = (event.type ?? "").lowercased().filter { !"-_ .:".contains($0) }
    if event.isTaskStatus {
      if event.status?.isFinished == true, text != event.status?.text { end = text }
    } else if letters.contains("error") || letters.contains("fail") {
      failure = (text, false)
    } else if letters == "stderr" {
      if failure?.isOutput ?? true { failure = (text, true) }
    } else if let weight = Self.weight(letters, event.raw), weight.rawValue >= answer?.weight.rawValue ?? 0 {
      answer = (text, weight)
    }
  }

  private static func weight(_ letters: String, _ raw: JSON) -> Weight? {
    let role = raw["role"]?.stringValue ?? raw["data"]?["role"]?.stringValue
    guard role == nil || role == "assistant" || role == "agent" else { return nil }
    switch letters {
    case "result", "answer", "finalanswer", "finalresult", "taskresult", "response": return .result
    case "message", "assistant", "assistantmessage", "agentmessage", "text": return .message
    case "stdout", "output": return .output
    default: return nil
    }
  }

  /// The agent's last answer, empty until there is one.
  func result(of task: BerayTask) -> String {
    Self.lines(Self.text(task.raw["result"]) ?? answer?.text ?? "")
  }

  /// Why the task failed, empty where it did not.
  func error(of task: BerayTask) -> String {
    guard task.status.phase == .failed else { return "" }
    let told = Self.text(task.raw["error"]) ?? end ?? failure?.text
    return Self.lines(told ?? "the status is \(task.status.text), and the server does not say why")
  }

  private static func text(_ json: JSON?) -> String? {
    guard let json, json != .null else { return nil }
    let text = json.stringValue ?? json["message"]?.stringValue ?? json["detail"]?.stringValue ?? json.serialized()
    return text.isEmpty ? nil : text
  }

  private static func lines(_ text: String) -> String { text.isEmpty || text.hasSuffix("\n") ? text : text + "\n" }
}
