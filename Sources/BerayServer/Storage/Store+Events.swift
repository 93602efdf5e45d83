internal import BerayAPI
internal import GRDB

/// An event as it is stored and sent.
struct StoredEvent: Hashable, Sendable {
  /// Counts from 1 in each task.
  let id: Int64
  /// One JSON object on one line.
  let json: String
}

/// A snapshot of a task's events after a cursor.
struct EventPage: Sendable {
  /// A page ends with the event that makes it this large, so that a slow client takes little memory.
  static let bytes = 1 << 20
  /// How many events a page may have.
  static let count = 1024

  let events: [StoredEvent]
  let status: ServerStatus
  let lastEventID: Int64
}

extension Store {
  /// Roughly what an event takes in the database file besides its JSON.
  private static let rowBytes = 24

  /// Adds events in order. Drops events after the task's end, so that the final status stays the last event.
  func append(_ events: [AgentEvent], to task: Int64) throws {
    try pool.write { database in
      guard let record = try Self.task(task, in: database), !record.status.isFinished else { return }
      try Self.append(events, to: record, quota: eventQuota, in: database)
    }
  }

  /// Marks a pending task as running, and stores the token that its agent's processes will carry.
  /// - Returns: false if the task is no longer pending.
  func markRunning(_ task: Int64, token: String, agent: String) throws -> Bool {
    try pool.write { database in
      guard let record = try Self.task(task, in: database), record.status == .pending else { return false }
      try database.execute(
        sql: "UPDATE tasks SET status = 'RUNNING', run_token = ?, agent = ? WHERE id = ?",
        arguments: [token, agent, task])
      try Self.append([.status(.running)], to: record, in: database)
      return true
    }
  }

  /// Stores the agent's first process, for ``CrashRecovery``.
  func recordLeader(_ leader: ProcessIdentity, of task: Int64) throws {
    try pool.write { database in
      try database.execute(
        sql: "UPDATE tasks SET process_group = ?, process_start = ?, boot_id = ? WHERE id = ?",
        arguments: [leader.id, Int64(clamping: leader.start), BootID.current, task])
    }
  }

  /// Stores the agent's strays (see ``AgentProcesses/strays``), for ``CrashRecovery``.
  func recordStrays(_ strays: Set<ProcessIdentity>, of task: Int64) throws {
    try pool.write { database in
      try database.execute(
        sql: "UPDATE tasks SET strays = ? WHERE id = ?", arguments: [ProcessIdentity.text(strays), task])
    }
  }

  /// Ends a task. Its final status and last event are stored in one transaction. Does nothing if the task has ended.
  func finish(_ task: Int64, _ outcome: TaskOutcome) throws {
    try pool.write { database in
      guard let record = try Self.task(task, in: database), !record.status.isFinished else { return }
      try database.execute(
        sql: """
          UPDATE tasks SET status = ?, exit_code = ?, error = ?, result = ?, process_group = NULL, process_start = NULL,
            run_token = NULL, boot_id = NULL, strays = NULL
          WHERE id = ?
          """,
        arguments: [
          outcome.status.rawValue, outcome.exitCode, outcome.status == .failed ? outcome.text : nil,
          outcome.summary.answer, task,
        ])
      try Self.append([.final(outcome)], to: record, in: database)
    }
  }

  /// A page of the events after `cursor`, up to the event `last`; nil if the task was deleted.
  func events(of task: Int64, after cursor: Int64, through last: Int64 = .max) async throws -> EventPage? {
    try await pool.read { database in
      guard let record = try Self.task(task, in: database) else { return nil }
      let rows = try Row.fetchCursor(
        database, sql: "SELECT id, json FROM events WHERE task_id = ? AND id > ? AND id <= ? ORDER BY id",
        arguments: [task, cursor, last])
      var events: [StoredEvent] = []
      var size = 0
      while size < EventPage.bytes, events.count < EventPage.count, let row = try rows.next() {
        let event = StoredEvent(id: row[0], json: row[1])
        size += event.json.utf8.count
        events.append(event)
      }
      return EventPage(events: events, status: record.status, lastEventID: record.lastEventID)
    }
  }

  /// - Parameter quota: the largest total size of a task's events, in bytes; nil to add these in any case.
  private static func append(
    _ events: [AgentEvent], to record: TaskRecord, quota: Int64? = nil, in database: Database
  ) throws {
    let now = Store.now()
    let quota = quota ?? .max
    var bytes = record.eventBytes
    guard bytes <= quota else { return }
    let insert = try database.cachedStatement(sql: "INSERT INTO events (task_id, id, json) VALUES (?, ?, ?)")
    var id = record.lastEventID
    for event in events {
      id += 1
      let json = event.json(id: id, time: now)
      if quota != .max { bytes += Int64(json.utf8.count + rowBytes) }
      guard bytes <= quota else {
        let last = AgentEvent(
          type: "truncated", text: "the task wrote more than \(quota >> 20) MiB of events: the rest is dropped")
        try insert.execute(arguments: [record.id, id, last.json(id: id, time: now)])
        break
      }
      try insert.execute(arguments: [record.id, id, json])
    }
    try database.cachedStatement(
      sql: "UPDATE tasks SET last_event_id = ?, event_bytes = ?, updated_at = ? WHERE id = ?"
    )
    .execute(arguments: [id, bytes, now, record.id])
  }
}
