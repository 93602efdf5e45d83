internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import NIOPosix

/// `tasks/…`, except for their files.
struct TaskRoutes: Sendable {
  let services: Services
  private static let maximumGoal = 4 << 20
  private static let maximumTools = 64 << 10

  var endpoints: [Endpoint] {
    let goal = Endpoint.Property(name: "goal", schema: ["type": "string"])
    let tools = Endpoint.Property(name: "tools", schema: ["type": ["array", "null"]], isRequired: false)
    let agent = Endpoint.Property(name: "agent", schema: ["type": ["string", "null"]], isRequired: false)
    let from = Endpoint.Property(name: "from", schema: ["type": ["string", "null"]], isRequired: false)
    let files = Endpoint.Property(
      name: "files", schema: ["type": ["array", "null"], "items": ["type": "string"]], isRequired: false)
    let gitignore = Endpoint.Property(name: "gitignore", schema: ["type": ["boolean", "null"]], isRequired: false)
    let resume = Endpoint.Parameter(name: HeaderName.lastEventID, place: .header)
    return [
      Endpoint(
        .createTask, "Create a task", body: .json([goal, tools, agent, from, files, gitignore]), handle: create),
      Endpoint(.listTasks, "List the user's tasks") { call in
        .json(try await services.store.taskList(of: user(call)))
      },
      Endpoint(.getTask, "Tell a task with its events", answer: EventSchemas.reference("Task")) { call in
        let task = try await services.task(of: call)
        return try await EventListing(task: task, store: services.store).response(call.use)
      },
      Endpoint(
        .streamTask, "Follow a task's events", parameters: [resume], successes: [(200, "text/event-stream")],
        answer: EventSchemas.reference("Event"), handle: stream),
      Endpoint(.stopTask, "Stop a task") { call in
        let task = try await services.task(of: call)
        guard !task.status.isFinished else { return .message("Task has already ended") }
        try await services.stop(task.id)
        return .message("Task stop requested")
      },
      Endpoint(.deleteTask, "Stop and delete a task", handle: delete),
    ]
  }

  private func user(_ call: IncomingCall) throws(HTTPFailure) -> Int64 {
    guard let account = call.account else { throw .unauthorized() }
    return account.id
  }

  private func create(_ call: IncomingCall) async throws -> Response {
    let body = try await call.json()
    let goal = try body.string("goal")
    guard !goal.isEmpty else {
      throw body.complaint("goal", "string_too_short", "String should have at least 1 character")
    }
    guard goal.utf8.count <= Self.maximumGoal, !goal.utf8.contains(0) else {
      throw body.complaint("goal", "value_error", "A goal has at most \(Self.maximumGoal) bytes and no NUL")
    }
    let tools = body.json["tools"] ?? .null
    guard tools == .null || tools.arrayValue != nil else {
      throw body.complaint("tools", "list_type", "Input should be a valid list")
    }
    let toolsText = tools.serialized()
    guard toolsText.utf8.count <= Self.maximumTools else {
      throw body.complaint("tools", "too_long", "Tools have at most \(Self.maximumTools) bytes")
    }
    let task = try await services.store.insertTask(
      userID: user(call), goal: goal, tools: toolsText, agent: try agent(body), source: try source(call, body))
    let paths = services.dataDirectory.paths(of: task.id)
    do {
      try await services.threads.runIfActive { try HTTPFailure.translating("task") { try paths.create(goal: goal) } }
    } catch {
      try? await services.store.deleteTask(task.id)
      throw error
    }
    services.runner.submit(task.id)
    var json = JSONBytes()
    task.write(to: &json)
    return .json(json.bytes)
  }

  /// The name of the agent for the task.
  private func agent(_ body: JSONBody) throws -> String {
    guard let json = body.json["agent"], json != .null else { return services.runner.defaultAgent }
    guard let name = json.stringValue else {
      throw body.complaint("agent", "string_type", "Input should be a valid string")
    }
    guard services.runner.knows(agent: name) else {
      let known = AgentPreset.all.map(\.name).joined(separator: ", ")
      throw body.complaint("agent", "value_error", "There is no agent '\(name)'; known are \(known)")
    }
    return name
  }

  /// The initial content of the work directory, as JSON of ``WorkSource``; nil for an empty one.
  private func source(_ call: IncomingCall, _ body: JSONBody) throws -> String? {
    let files = body.json["files"]?.arrayValue ?? []
    let isAsked = body.json["from"]?.stringValue != nil || !files.isEmpty
    guard isAsked else { return services.standardSource.map { WorkSource(from: $0).json.serialized() } }
    // Only the user who runs the server may name paths on its machine. Others would read them with that user's rights.
    guard call.origin == .unixSocket || call.tokenHash == services.localTokenHash else {
      throw HTTPFailure(.forbidden, "Only the user who runs this server may name files of its machine")
    }
    let source = WorkSource(
      from: body.json["from"]?.stringValue, files: files.compactMap(\.stringValue),
      leavesIgnoredOut: body.json["gitignore"]?.boolValue ?? false)
    if let complaint = source.complaint { throw body.complaint("from", "value_error", complaint) }
    return source.json.serialized()
  }

  private func delete(_ call: IncomingCall) async throws -> Response {
    let task = try await services.task(of: call)
    // A short grace: nobody will read the agent's last output, and the client is waiting.
    try await services.stop(task.id, grace: min(.seconds(2), services.runner.grace))
    await services.runner.waitUntilEnded(task.id)
    try await services.store.deleteTask(task.id)
    services.cleaner.wake()
    services.hub.notify(task.id)
    do {
      try await services.threads.runIfActive { [services] in try services.dataDirectory.removeFiles(of: task.id) }
    } catch {
      services.logger.warning("task \(task.id) is deleted, but its files could not be removed: \(error)")
      return .json(["status": "success", "message": "Task deleted, but some of its files could not be removed"])
    }
    return .json(["status": "success", "message": "Task deleted"])
  }

  private func stream(_ call: IncomingCall) async throws -> Response {
    guard call.request.method == .get else { throw HTTPFailure(.methodNotAllowed, "Method Not Allowed") }
    let task = try await services.task(of: call)
    // An unknown event id starts the stream from the beginning.
    let claimed = call.header(.lastEventID).flatMap { Int64($0) } ?? 0
    let cursor = (0...task.lastEventID).contains(claimed) ? claimed : 0
    let sender = EventSender(task: task.id, cursor: cursor, services: services)
    let (request, use) = (call.request, call.use)
    return Response(
      status: .ok,
      headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache", .xAccelBuffering: "no"],
      body: ResponseBody { [metrics = services.metrics] writer in
        metrics.streamBegan()
        defer { metrics.streamEnded() }
        try await sender.run(request, &writer)
        try await writer.finish(nil)
        withExtendedLifetime(use) {}
      })
  }
}

extension HTTPField.Name {
  fileprivate static let lastEventID = HTTPField.Name(HeaderName.lastEventID)!
  /// Tells nginx and similar proxies to pass on events without buffering.
  fileprivate static let xAccelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
