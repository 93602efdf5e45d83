/// What a new task is made of.
public struct TaskRequest: Hashable, Sendable {
  public var goal: String
  /// Passed on as they are.
  public var tools: [JSON]?
  /// Who works on it, for a server with ``Capabilities/choosesAgent``.
  public var agent: String?
  /// The directory or repository that its files begin with, for a server with ``Capabilities/startsFrom``.
  public var from: String?
  /// Absolute paths of files on the server's machine that its files begin with, for the same servers.
  public var files: [String] = []
  /// Whether what `.gitignore` names is left out of ``from``.
  public var leavesIgnoredOut = false

  public init(goal: String, tools: [JSON]? = nil, agent: String? = nil, from: String? = nil) {
    self.goal = goal
    self.tools = tools
    self.agent = agent
    self.from = from
  }
}
