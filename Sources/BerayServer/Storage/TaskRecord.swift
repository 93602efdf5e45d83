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
  /// The name of its agent; nil if the server of the time did not write it down.
  let agent: String?
  /// The agent's last answer, where it has ended.
  let result: String?
  /// What its work directory begins with, as JSON of ``WorkSource``.
  let source: String?
  /// What the agent's events have together.
  let eventBytes: Int64

  /// The columns of a query whose rows ``init(_:)`` reads: by their order, for to look up names takes longer than the rest.
  static let columns =
    "id, user_id, goal, tools, status, created_at, updated_at, error, exit_code, last_event_id, agent, result, source, "
    + "event_bytes"

  init(_ row: Row) {
    id = row[0]
    userID = row[1]
    goal = row[2]
    tools = row[3]
    status = ServerStatus(rawValue: row[4]) ?? .failed
    createdAt = row[5]
    updatedAt = row[6]
    error = row[7]
    exitCode = row[8]
    lastEventID = row[9]
    agent = row[10]
    result = row[11]
    source = row[12]
    eventBytes = row[13]
  }

  /// Writes the object of the API, without events.
  func write(to json: inout JSONBytes) {
    writeMembers(to: &json)
    json.raw("}")
  }

  /// Writes the object of the API up to the brace that ends it.
  func writeMembers(to json: inout JSONBytes) {
    json.raw("{\"id\":")
    json.number(id)
    json.raw(",\"goal\":")
    json.string(goal)
    json.raw(",\"status\":\"")
    json.raw(status.rawValue)
    json.raw("\",\"tools\":")
    json.raw(tools)
    json.raw(",\"created_at\":\"")
    json.raw(createdAt)
    json.raw("\",\"updated_at\":\"")
    json.raw(updatedAt)
    json.raw("\",\"error\":")
    if let error { json.string(error) } else { json.raw("null") }
    json.raw(",\"exit_code\":")
    if let exitCode { json.number(exitCode) } else { json.raw("null") }
    write("agent", agent, to: &json)
    write("from", source.flatMap { WorkSource(stored: $0)?.from }, to: &json)
  }

  /// Writes a member that only some tasks have.
  func write(_ name: String, _ value: String?, to json: inout JSONBytes) {
    guard let value else { return }
    json.raw(",\"\(name)\":")
    json.string(value)
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
  /// What the agent told of its run.
  var summary = RunSummary()

  init(
    status: ServerStatus, exitCode: Int? = nil, signal: Int? = nil, text: String? = nil,
    summary: RunSummary = RunSummary()
  ) {
    self.status = status
    self.exitCode = exitCode
    self.signal = signal
    self.text = text
    self.summary = summary
  }

  /// How an agent's process ended, together with what the agent said: some agents exit with 0 though they failed, and
  /// those that fail know more than their exit status.
  init(_ process: TaskOutcome, told summary: RunSummary, wasEndedForIt: Bool) {
    if process.status == .completed || wasEndedForIt {
      self.init(
        status: summary.failure == nil ? .completed : .failed, exitCode: process.exitCode, text: summary.failure,
        summary: summary)
    } else {
      let text = (summary.failure ?? summary.complaint).map { "\($0) (\(process.text ?? "it failed"))" } ?? process.text
      self.init(
        status: process.status, exitCode: process.exitCode, signal: process.signal, text: text, summary: summary)
    }
  }
}
