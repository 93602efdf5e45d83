public import BerayAPI

extension BerayClient {
  /// Creates a task, which starts at once. The request is not retried after it may have reached the server. If the
  /// answer is lost, list the tasks to see whether the task exists.
  /// ```swift
  /// let task = try await client.createTask(goal: "Write a haiku about rain")
  /// ```
  /// - Parameters:
  ///   - goal: the goal for the agent, in plain language.
  ///   - tools: sent to the server unchanged.
  public func createTask(goal: String, tools: [JSON]? = nil) async throws(BerayError) -> BerayTask {
    try await createTask(TaskRequest(goal: goal, tools: tools))
  }

  /// Creates a task with options that not every server supports.
  /// ```swift
  /// let task = try await client.createTask(TaskRequest(goal: "Review this", agent: "codex"))
  /// ```
  public func createTask(_ request: TaskRequest) async throws(BerayError) -> BerayTask {
    let call = Call(.createTask, body: .json(RequestBody.createTask(request)))
    let answer = try await calls.json(call, within: configuration.timeouts.creation)
    return try call.decode { () throws(UnexpectedJSON) in try BerayTask(json: answer) }
  }

  /// Lists all tasks of the user, usually without their events.
  /// ```swift
  /// let running = try await client.tasks().filter { !$0.status.isFinished }
  /// ```
  public func tasks() async throws(BerayError) -> [BerayTask] {
    let call = Call(.listTasks)
    let answer = try await calls.json(call)
    return try call.decode { () throws(UnexpectedJSON) in try BerayTask.list(json: answer) }
  }

  /// Fetches a task with its events.
  /// ```swift
  /// for event in try await client.task(id).events ?? [] { print(event.text ?? "") }
  /// ```
  public func task(_ id: TaskID) async throws(BerayError) -> BerayTask {
    let call = Call(.getTask, task: id)
    let answer = try await calls.json(call)
    let contract = await eventContract()
    return try call.decode { () throws(UnexpectedJSON) in
      try BerayTask(json: answer, id: id, contract: contract)
    }
  }

  /// Asks the server to stop a task.
  /// ```swift
  /// try await client.stopTask(id)
  /// ```
  @discardableResult
  public func stopTask(_ id: TaskID) async throws(BerayError) -> JSON {
    try await calls.json(Call(.stopTask, task: id))
  }

  /// Deletes a task and everything that belongs to it.
  /// ```swift
  /// try await client.deleteTask(id)
  /// ```
  @discardableResult
  public func deleteTask(_ id: TaskID) async throws(BerayError) -> JSON {
    try await calls.json(Call(.deleteTask, task: id))
  }
}
