/// The parameters of a new task.
public struct TaskRequest: Hashable, Sendable {
  public var goal: String
  /// Tools, sent to the server unchanged.
  public var tools: [JSON]?
  /// The agent that works on the task. Needs ``Capabilities/choosesAgent``.
  public var agent: String?
  /// The directory or repository whose files the task starts with. Needs ``Capabilities/startsFrom``.
  public var from: String?
  /// Absolute paths on the server's machine of further files to start with. Needs ``Capabilities/startsFrom``.
  public var files: [String] = []
  /// Whether files that `.gitignore` excludes are not copied from ``from``.
  public var leavesIgnoredOut = false

  public init(goal: String, tools: [JSON]? = nil, agent: String? = nil, from: String? = nil) {
    self.goal = goal
    self.tools = tools
    self.agent = agent
    self.from = from
  }
}
