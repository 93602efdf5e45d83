import BerayAPI

/// Events and goals as lines for people.
enum EventText {
  /// `time type text`; `-` where the server told no time.
  static func line(_ event: TaskEvent, status: TaskStatus? = nil) -> String {
    let time = event.time?.iso8601(fractionDigits: 3) ?? "-"
    let type = event.type ?? (status == nil ? "event" : "status")
    let text = event.text ?? (status ?? event.status)?.text ?? event.raw.serialized()
    return "\(time) \(ShownText.escaped(type)) \(ShownText.escaped(text))"
  }

  /// The first line of `goal`, at most 72 characters.
  static func shortened(_ goal: String) -> String {
    let line = goal.prefix { !$0.isNewline }
    return line.count == goal.count && line.count <= 72 ? String(line) : line.prefix(71) + "…"
  }
}
