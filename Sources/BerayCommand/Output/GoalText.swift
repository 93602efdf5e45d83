/// Formats goals for tables.
enum GoalText {
  /// The first line of `goal`, with `…` if there are more.
  static func firstLine(_ goal: String) -> String {
    let line = goal.prefix { !$0.isNewline }
    return line.count == goal.count ? goal : line + "…"
  }
}
