internal import BerayAPI
internal import GRDB

extension Store {
  /// - Parameters:
  ///   - agent: the name of the one that is to work on it.
  ///   - source: what its work directory is to begin with.
  func insertTask(
    userID: Int64, goal: String, tools: String, agent: String? = nil, source: String? = nil
  ) async throws -> TaskRecord {
    try await pool.write { database in
      let now = Store.now()
      try database.execute(
        sql: """
          INSERT INTO tasks (user_id, goal, tools, agent, source, status, created_at, updated_at)
          VALUES (?, ?, ?, ?, ?, 'PENDING', ?, ?)
          """, arguments: [userID, goal, tools, agent, source, now, now])
      let id = database.lastInsertedRowID
      guard let task = try Self.task(id, in: database) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an inserted task is not there")
      }
      return task
    }
  }

  func task(_ id: Int64) throws -> TaskRecord? {
    try pool.read { try Self.task(id, in: $0) }
  }

  /// The task where it belongs to the user.
  func task(_ id: Int64, of userID: Int64) async throws -> TaskRecord? {
    try await pool.read { try Self.task(id, in: $0) }.flatMap { $0.userID == userID ? $0 : nil }
  }

  /// The task's owner. Blocks.
  func owner(ofTask id: Int64) throws -> Int64? {
    try pool.read { try Int64.fetchOne($0, sql: "SELECT user_id FROM tasks WHERE id = ?", arguments: [id]) }
  }

  /// The user's tasks as a JSON array, which may be of many thousands.
  func taskList(of userID: Int64) async throws -> [UInt8] {
    try await pool.read { database in
      let rows = try Row.fetchCursor(
        database, sql: "SELECT \(TaskRecord.columns) FROM tasks WHERE user_id = ? ORDER BY id", arguments: [userID])
      var json = JSONBytes()
      json.raw("[")
      while let row = try rows.next() {
        if json.bytes.count > 1 { json.raw(",") }
        TaskRecord(row).write(to: &json)
      }
      json.raw("]")
      return json.bytes
    }
  }

  /// The tasks that wait for an agent, the oldest first.
  func pendingTasks() throws -> [Int64] {
    try pool.read { try Int64.fetchAll($0, sql: "SELECT id FROM tasks WHERE status = 'PENDING' ORDER BY id") }
  }

  /// The agents that were at work when the server last ended.
  func interruptedRuns() throws -> [InterruptedRun] {
    try pool.read { database in
      let rows = try Row.fetchAll(
        database,
        sql: "SELECT id, run_token, process_group, process_start, boot_id FROM tasks WHERE status = 'RUNNING'")
      return rows.map { row in
        let (number, start, boot): (Int32?, Int64?, String?) = (row[2], row[3], row[4])
        var leader: ProcessIdentity?
        if let number, let start, boot == BootID.current { leader = ProcessIdentity(id: number, start: UInt64(start)) }
        return InterruptedRun(task: row[0], token: row[1], leader: leader)
      }
    }
  }

  /// The ids of all tasks, of all users.
  func taskIDs() throws -> Set<Int64> {
    try pool.read { try Int64.fetchSet($0, sql: "SELECT id FROM tasks") }
  }

  /// How many tasks there are of each status.
  func taskCounts() async throws -> [(status: String, count: Int)] {
    try await pool.read { database in
      try Row.fetchAll(database, sql: "SELECT status, count(*) FROM tasks GROUP BY status ORDER BY status")
        .map { ($0[0], $0[1]) }
    }
  }

  func deleteTask(_ id: Int64) async throws {
    try await pool.write { try $0.execute(sql: "DELETE FROM tasks WHERE id = ?", arguments: [id]) }
  }

  static func task(_ id: Int64, in database: Database) throws -> TaskRecord? {
    try Row.fetchOne(database, sql: "SELECT \(TaskRecord.columns) FROM tasks WHERE id = ?", arguments: [id])
      .map(TaskRecord.init)
  }
}
