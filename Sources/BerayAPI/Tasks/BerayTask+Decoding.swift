extension BerayTask {
  /// Reads a task: an object with an `id` (or `task_id`), or an object that has one under `task` or `data`.
  ///
  /// A missing goal or status becomes "", and such a status counts as not finished. If `events` is a list, every
  /// element is read as an event.
  /// - Parameters:
  ///   - json: the server's answer.
  ///   - id: used if the object has no id.
  ///   - contract: how to read the events.
  public init(json: JSON, id: TaskID? = nil, contract: EventContract = .undeclared) throws(UnexpectedJSON) {
    let task = Self.unwrapped(json)
    guard task.objectValue != nil, let id = task.first(of: FieldNames.taskID, as: TaskID.init(json:)) ?? id else {
      throw UnexpectedJSON(expected: "a task with an id")
    }
    self.init(
      id: id, goal: task["goal"]?.scalarText ?? "",
      status: TaskStatus(task.first(of: FieldNames.status, as: \.identifier) ?? ""),
      createdAt: task.first(of: FieldNames.createdAt, as: UTCTime.init(json:)),
      updatedAt: task.first(of: FieldNames.updatedAt, as: UTCTime.init(json:)),
      events: task["events"]?.arrayValue.map { $0.map { TaskEvent(json: $0, contract: contract) } }, raw: task)
  }

  /// Reads the answer of `GET tasks/`: a list, or an object that has it under `tasks`, `items`, `data` or `results`.
  ///
  /// Elements that are not tasks, and tasks with a repeated id, are left out.
  public static func list(json: JSON, contract: EventContract = .undeclared) throws(UnexpectedJSON) -> [BerayTask] {
    let list = json.arrayValue ?? json.first(of: ["tasks", "items", "data", "results"], as: \.arrayValue)
    guard let list else { throw UnexpectedJSON(expected: "a list of tasks") }
    var seen: Set<TaskID> = []
    var tasks: [BerayTask] = []
    tasks.reserveCapacity(list.count)
    for element in list {
      if let task = try? BerayTask(json: element, contract: contract), seen.insert(task.id).inserted {
        tasks.append(task)
      }
    }
    return tasks
  }

  private static func unwrapped(_ json: JSON) -> JSON {
    if json.first(of: FieldNames.taskID, as: TaskID.init(json:)) != nil { return json }
    return json.first(of: ["task", "data"]) { $0.objectValue == nil ? nil : $0 } ?? json
  }
}
