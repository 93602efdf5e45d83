internal import BerayAPI
internal import GRDB

/// A task as it is kept.
struct TaskRecord: Hashable, Sendable {
  let id: Int64
  let userID: Int64
  let goal: String
  /// JSON as it came.
  let tools: String
  let status: ServerStatus
  let createdAt: String
  let updatedAt: String
  /// Why it failed, where it did.
  let error: String?
  /// The exit status of its agent, where it exited by itself.
  let exitCode: Int?
  let lastEventID: Int64

  init(_ row: Row) {
    id = row["id"]
    userID = row["user_id"]
    goal = row["goal"]
    tools = row["tools"]
    status = ServerStatus(rawValue: row["status"]) ?? .failed
    createdAt = row["created_at"]
    updatedAt = row["updated_at"]
    error = row["error"]
    exitCode = row["exit_code"]
    lastEventID = row["last_event_id"]
  }

  /// Writes the object of the API, without events.
  func write(to json: inout JSONBytes) {
    writeMembers(to: &json)
    json.raw("}")
  }

  /// Writes the object of the API up to the brace that ends it.
  func writeMembers(to json: inout JSONBytes) {
    json.raw("{\"id\":\(id),\"goal\":")
    json.string(goal)
    json.raw(",\"status\":\"\(status.rawValue)\",\"tools\":")
    json.raw(tools)
    json.raw(",\"created_at\":\"\(createdAt)\",\"updated_at\":\"\(updatedAt)\",\"error\":")
    if let error { json.string(error) } else { json.raw("null") }
    json.raw(",\"exit_code\":\(exitCode.map(String.init) ?? "null")")
  }
}

/// What this server says of a task.
enum ServerStatus: String, Sendable {
  case pending = "PENDING"
  case running = "RUNNING"
  case completed = "COMPLETED"
  case failed = "FAILED"
  case stopped = "STOPPED"

  var isFinished: Bool { self != .pending && self != .running }
}

/// How a task came to its end.
struct TaskOutcome: Hashable, Sendable {
  let status: ServerStatus
  /// The exit status of the agent, where it exited by itself.
  var exitCode: Int?
  /// The signal that ended the agent, where one did.
  var signal: Int?
  /// What to tell of it.
  var text: String?
}
