/// What a new task may ask for beyond its goal and tools, of servers that declare it in their `/openapi.json`.
public struct TaskOptions: Hashable, Sendable {
  /// The name of the agent that is to work on it; nil for the server's own choice.
  public var agent: String?
  /// What its files begin with: the absolute path of a directory on the server's machine, or the URL of a git
  /// repository.
  public var from: String?
  /// Absolute paths of files on the server's machine that are copied to its root.
  public var files: [String]
  /// Whether what `.gitignore` names is left out.
  public var leavesIgnoredOut: Bool

  public init(agent: String? = nil, from: String? = nil, files: [String] = [], leavesIgnoredOut: Bool = false) {
    self.agent = agent
    self.from = from
    self.files = files
    self.leavesIgnoredOut = leavesIgnoredOut
  }

  /// Whether it asks for files.
  public var asksForFiles: Bool { from != nil || !files.isEmpty }

  var members: [JSON.Member] {
    var members: [JSON.Member] = []
    if let agent { members.append(.init("agent", JSON(agent))) }
    if let from { members.append(.init("from", JSON(from))) }
    if !files.isEmpty { members.append(.init("files", .array(files.map { JSON($0) }))) }
    if leavesIgnoredOut { members.append(.init("gitignore", true)) }
    return members
  }
}
