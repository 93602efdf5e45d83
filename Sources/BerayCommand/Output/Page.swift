import BerayAPI

/// How text looks where a terminal has colours.
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

/// What text is laid out for.
struct Page {
  /// Nil: as wide as it likes.
  var columns: Int?
  var usesColours = false
  /// What ages are counted to.
  var now = UTCTime.now()

  func styled(_ text: String, _ style: Style) -> String {
    usesColours && style != .plain ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}
