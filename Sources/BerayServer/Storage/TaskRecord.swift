internal import BerayAPI
internal import GRDB

/// A task as it is stored.
struct TaskRecord: Hashable, Sendable {
  let id: Int64
  let userID: Int64
  let goal: String
  /// The JSON that the client sent.
  let tools: String
  let status: ServerStatus
  let createdAt: String
  let updatedAt: String
  /// Why it failed; nil if it did not.
  let error: String?
  /// The exit status of its agent; nil if it did not exit by itself.
  let exitCode: Int?
  let lastEventID: Int64
  /// The name of its agent; nil if an older server did not record it.
  let agent: String?
  /// The agent's last answer; nil until the task has ended.
  let result: String?
  /// The initial content of its work directory, as JSON of ``WorkSource``.
  let source: String?
  /// The total size of the agent's events, in bytes.
  let eventBytes: Int64

  /// The columns that ``init(_:)`` reads. It reads them by position, because looking up their names would take longer
  /// than everything else.
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

  /// Writes the task as the JSON object of the API, without events.
  func write(to json: inout JSONBytes) {
    writeMembers(to: &json)
    json.raw("}")
  }

  /// Writes the JSON object of the API without its closing brace, so that the caller can add members.
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
    if let exitCode { json.number(Int64(exitCode)) } else { json.raw("null") }
    write("agent", agent, to: &json)
    write("from", source.flatMap { WorkSource(stored: $0)?.from }, to: &json)
  }

  /// Writes a member, or nothing if the value is nil.
  func write(_ name: String, _ value: String?, to json: inout JSONBytes) {
    guard let value else { return }
    json.raw(",\"\(name)\":")
    json.string(value)
  }
}

/// The status of a task.
enum ServerStatus: String, Sendable {
  case pending = "PENDING"
  case running = "RUNNING"
  case completed = "COMPLETED"
  case failed = "FAILED"
  case stopped = "STOPPED"

  var isFinished: Bool { self != .pending && self != .running }
}

/// How a task ended.
struct TaskOutcome: Hashable, Sendable {
  let status: ServerStatus
  /// The exit status of the agent; nil if it did not exit by itself.
  var exitCode: Int?
  /// The signal that ended the agent; nil if none did.
  var signal: Int?
  /// The message for the user.
  var text: String?
  /// What the agent reported about its run.
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

  /// Combines how the process ended with what the agent reported: some agents exit with 0 although they failed, and a
  /// failing agent says more than its exit status.
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
