/// Goals in tables.
enum GoalText {
  /// The first line of `goal`, and `…` where there are more.
  static func firstLine(_ goal: String) -> String {
    let line = goal.prefix { !$0.isNewline }
    return line.count == goal.count ? goal : line + "…"
  }
}
