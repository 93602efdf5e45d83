import BerayAPI

/// What a task is to do, as a user wrote it.
struct Goal: Hashable, Sendable {
  /// Why what was written is no goal.
  enum Problem: Error {
    case blank
    /// It looks like the JSON form and cannot be read as that; the text tells why.
    case json(String)
  }

  var request: TaskRequest
  var text: String {
    get { request.goal }
    set { request.goal = newValue }
  }

  /// The longest goal that is taken, in bytes.
  static let maximumLength = 4 << 20

  init(text: String) { request = TaskRequest(goal: text) }

  /// Reads what was written to `new`: a JSON object, or the goal itself without the newline at its end.
  /// - Parameter shown: what reading `new` gave. An editor leaves it in; its lines are dropped.
  init(written: String, shown: String = "") throws(Problem) {
    let written = Self.dropping(shown, from: written)
    if Self.isMeantAsJSON(written) {
      request = try Self.request(object: written)
    } else {
      var text = written
      while text.last?.isNewline == true { text.removeLast() }
      request = TaskRequest(goal: text)
    }
    if request.goal.allSatisfy(\.isWhitespace) { throw .blank }
  }

  /// The text without the lines of `shown`. Other lines that begin with `#`, such as headings, belong to the goal.
  private static func dropping(_ shown: String, from written: String) -> String {
    let known = Set(shown.split(separator: "\n"))
    guard !known.isEmpty else { return written }
    var lines = written.split(separator: "\n", omittingEmptySubsequences: false)
    let count = lines.count
    lines.removeAll(where: known.contains)
    return lines.count == count ? written : lines.joined(separator: "\n")
  }

  // MARK: - JSON

  private static let members = ["goal", "tools", "agent", "from"]

  /// Whether a text begins like a JSON object: `{`, a name in quotes and a colon, or `{}`. A shell's `{ echo a; }` does
  /// not.
  private static func isMeantAsJSON(_ text: String) -> Bool {
    var rest = text.drop(while: \.isWhitespace)
    guard rest.popFirst() == "{" else { return false }
    rest = rest.drop(while: \.isWhitespace)
    switch rest.first {
    case "}"?: return rest.dropFirst().allSatisfy(\.isWhitespace)
    case let quote? where quote == "\"" || quote == "'":
      guard let end = rest.dropFirst().firstIndex(of: quote) else { return false }
      rest = rest[rest.index(after: end)...]
    default:
      // `{goal: "…"}`, as JavaScript writes it.
      guard let name = members.first(where: rest.hasPrefix) else { return false }
      rest = rest.dropFirst(name.count)
    }
    return rest.drop(while: \.isWhitespace).first == ":"
  }

  private static func request(object written: String) throws(Problem) -> TaskRequest {
    let json: JSON
    do { json = try JSON(parsing: Array(written.utf8)) } catch { throw .json("it is not a JSON object: \(error)") }
    var request = TaskRequest(goal: "")
    var seen: Set<String> = []
    for member in json.objectValue ?? [] {
      guard seen.insert(member.name).inserted else { throw .json("'\(member.name)' appears twice") }
      switch member.name {
      case "goal": request.goal = try text(member)
      case "tools":
        guard member.value != .null else { break }
        guard case .array(let tools) = member.value else { throw .json("its 'tools' is not a list") }
        request.tools = tools
      case "agent": request.agent = try optionalText(member)
      case "from": request.from = try path(member)
      default:
        throw .json("'\(member.name)' is not known; known are \(members.joined(separator: ", "))")
      }
    }
    guard seen.contains("goal") else { throw .json("it has no 'goal'") }
    return request
  }

  private static func text(_ member: JSON.Member) throws(Problem) -> String {
    guard let text = member.value.stringValue else { throw .json("its '\(member.name)' is not a string") }
    return text
  }

  private static func optionalText(_ member: JSON.Member) throws(Problem) -> String? {
    guard member.value != .null else { return nil }
    let text = try text(member)
    guard !text.allSatisfy(\.isWhitespace) else { throw .json("its '\(member.name)' is blank") }
    return text
  }

  /// It must be an absolute path or a repository's address: the server does not know the writer's working directory.
  private static func path(_ member: JSON.Member) throws(Problem) -> String? {
    guard let path = try optionalText(member) else { return nil }
    guard path.hasPrefix("/") || path.contains(":") else {
      throw .json("its 'from' is neither an absolute path nor the address of a repository")
    }
    return path
  }
}
