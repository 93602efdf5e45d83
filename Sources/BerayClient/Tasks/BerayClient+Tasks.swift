public import BerayAPI

extension BerayClient {
  /// Creates a task, which starts work at once. It is never sent twice: where the answer is lost, list the tasks and
  /// compare.
  /// - Parameter tools: passed on as they are.
  public func createTask(goal: String, tools: [JSON]? = nil) async throws(BerayError) -> BerayTask {
    try await createTask(goal: goal, tools: tools, options: TaskOptions())
  }

  /// Creates a task that asks for more than its goal and tools.
  /// - Parameters:
  ///   - tools: passed on as they are.
  ///   - options: sent only to a server that declares them in its `/openapi.json`.
  public func createTask(
    goal: String, tools: [JSON]?, options: TaskOptions
  ) async throws(BerayError) -> BerayTask {
    let known = try await understood(options)
    let call = Call(.createTask, body: .json(RequestBody.createTask(goal: goal, tools: tools, options: known)))
    let answer = try await json(call, within: configuration.timeouts.creation)
    return try Self.decode(call) { () throws(UnexpectedJSON) in try BerayTask(json: answer) }
  }

  /// What the server understands of the options.
  private func understood(_ options: TaskOptions) async throws(BerayError) -> TaskOptions {
    guard options != TaskOptions() else { return options }
    let capabilities = try await capabilities()
    var options = options
    if !capabilities.contains(.taskAgents) { options.agent = nil }
    if !capabilities.contains(.taskInputs) { options = TaskOptions(agent: options.agent) }
    return options
  }

  /// All tasks of the user, as a rule without their events.
  public func tasks() async throws(BerayError) -> [BerayTask] {
    let call = Call(.listTasks)
    let answer = try await json(call)
    return try Self.decode(call) { () throws(UnexpectedJSON) in try BerayTask.list(json: answer) }
  }

  /// A task with its events.
  public func task(_ id: TaskID) async throws(BerayError) -> BerayTask {
    let call = Call(.getTask, task: id)
    let answer = try await json(call)
    return try Self.decode(call) { () throws(UnexpectedJSON) in try BerayTask(json: answer, id: id) }
  }

  /// Asks the server to stop a task.
  @discardableResult
  public func stopTask(_ id: TaskID) async throws(BerayError) -> JSON {
    try await json(Call(.stopTask, task: id))
  }

  /// Deletes a task and all that belongs to it.
  @discardableResult
  public func deleteTask(_ id: TaskID) async throws(BerayError) -> JSON {
    try await json(Call(.deleteTask, task: id))
  }
}
