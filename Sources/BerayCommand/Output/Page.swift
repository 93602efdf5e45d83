import BerayAPI

/// Text styles for terminals with colours. The raw values are SGR codes.
enum Style: String {
  case plain = ""
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case blue = "34"

  /// The colour of a task's status.
  init(_ status: TaskStatus) {
    self =
      switch status.phase {
      case .completed: .green
      case .failed: .red
      case .running: .blue
      case .pending: .yellow
      case .stopped, .unknown: .dim
      }
  }
}

/// What the layout of text depends on.
struct Page {
  /// The width of the terminal; nil for no limit.
  var columns: Int?
  var usesColours = false
  /// The time that ages are relative to.
  var now = UTCTime.now()

  func styled(_ text: String, _ style: Style) -> String {
    usesColours && style != .plain ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}
