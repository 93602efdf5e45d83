package import BerayAPI

extension TaskEvent {
  /// The event in one line with its newline. It depends on the event alone, so a log reads the same whenever it is
  /// made.
  package func line(_ rendering: Rendering) -> [UInt8] {
    switch rendering {
    case .json:
      var bytes: [UInt8] = []
      raw.append(to: &bytes)
      bytes.append(0x0A)
      return bytes
    case .text:
      if isForPrograms { return [] }
      let time = Self.padded(time.map { $0.iso8601(fractionDigits: 3) } ?? "-", 24)
      let type = Self.fitted(ShownText.escaped(type ?? (isTaskStatus ? "status" : "-")), 8)
      return Array("\(time)  \(type)  \(ShownText.escaped(shownText))\n".utf8)
    }
  }

  private var shownText: String {
    if isTaskStatus, let status {
      guard let text, text != status.text else { return status.text }
      return "\(status.text): \(text)"
    }
    return text ?? raw.serialized()
  }

  /// Of one width, so that what follows stands in a column.
  private static func fitted(_ text: String, _ width: Int) -> String {
    text.count > width ? text.prefix(width - 1) + "…" : padded(text, width)
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text.count < width ? text + String(repeating: " ", count: width - text.count) : text
  }
}
