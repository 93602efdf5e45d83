/// Goals in tables.
enum GoalText {
  /// The first line of `goal`, at most 72 characters.
  static func shortened(_ goal: String) -> String {
    let line = goal.prefix { !$0.isNewline }
    return line.count == goal.count && line.count <= 72 ? String(line) : line.prefix(71) + "…"
  }
}
