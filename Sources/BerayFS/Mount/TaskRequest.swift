import BerayAPI

/// What a new task is made of.
struct TaskRequest: Hashable, Sendable {
  var goal: String
  /// Passed on as they are.
  var tools: [JSON]?
  /// What only some servers take.
  var options = TaskOptions()

  init(goal: String, tools: [JSON]? = nil, agent: String? = nil, from: String? = nil) {
    self.goal = goal
    self.tools = tools
    options = TaskOptions(agent: agent, from: from)
  }
}
