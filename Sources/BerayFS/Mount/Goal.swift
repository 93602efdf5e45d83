import BerayAPI

/// What a task is to do, as a user wrote it.
struct Goal: Hashable, Sendable {
  /// Why what was written is no goal.
  enum Problem: Error {
    case blank
    /// It looks like the JSON form and cannot be read as that; the text tells why.
    case json(String)
  }

  var text: String
  var tools: [JSON]?

  /// The longest goal that is taken, in bytes.
  static let maximumLength = 4 << 20

  init(text: String, tools: [JSON]?) {
    self.text = text
    self.tools = tools
  }

  /// Reads what was written to `new`: a JSON object with a `goal` and maybe `tools`, or else the goal itself, without the
  /// newline at its end.
  init(written: String) throws(Problem) {
    if written.first(where: { !$0.isWhitespace }) == "{", written.contains("\"goal\"") {
      try self.init(object: written)
    } else {
      var text = written
      while text.last?.isNewline == true { text.removeLast() }
      self.init(text: text, tools: nil)
    }
    if text.allSatisfy(\.isWhitespace) { throw .blank }
  }

  private init(object written: String) throws(Problem) {
    let json: JSON
    do { json = try JSON(parsing: Array(written.utf8)) } catch { throw .json("it is no JSON object: \(error)") }
    guard let goal = json["goal"]?.stringValue else { throw .json("its 'goal' is no text") }
    switch json["tools"] {
    case nil, .null?: self.init(text: goal, tools: nil)
    case .array(let tools)?: self.init(text: goal, tools: tools)
    default: throw .json("its 'tools' are no list")
    }
  }
}
