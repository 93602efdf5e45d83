import BerayAPI

/// What a task is to do, as a user wrote it.
struct Goal: Hashable, Sendable {
  var text: String
  var tools: [JSON]?

  /// The longest goal that is taken, in bytes.
  static let maximumLength = 4 << 20

  init(text: String, tools: [JSON]?) {
    self.text = text
    self.tools = tools
  }

  /// Reads what was written to `new`: a JSON object with a `goal` and maybe `tools`, or else the goal itself, without the newline at its end.
  init(written: String) {
    if written.first(where: { !$0.isWhitespace }) == "{", let json = try? JSON(parsing: Array(written.utf8)),
      let goal = json["goal"]?.stringValue
    {
      self.init(text: goal, tools: json["tools"]?.arrayValue)
      return
    }
    var text = written
    while text.last?.isNewline == true { text.removeLast() }
    self.init(text: text, tools: nil)
  }

  var isBlank: Bool { text.allSatisfy(\.isWhitespace) }
}
