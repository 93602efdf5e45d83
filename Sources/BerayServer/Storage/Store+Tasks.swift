internal import BerayAPI
internal import GRDB

extension Store {
  func insertTask(userID: Int64, goal: String, tools: String) async throws -> TaskRecord {
    try await pool.write { database in
      let now = Store.now()
      try database.execute(
        sql: """
          INSERT INTO tasks (user_id, goal, tools, status, created_at, updated_at) VALUES (?, ?, ?, 'PENDING', ?, ?)
          """, arguments: [userID, goal, tools, now, now])
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

  /// The tasks that were running when the server last ended, each with the process group of its agent.
  func interruptedTasks() throws -> [(id: Int64, group: AgentGroup?)] {
    try pool.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM tasks WHERE status = 'RUNNING'").map { row in
        let group: Int32? = row["process_group"]
        let start: Int64? = row["process_start"]
        return (row["id"], group.flatMap { id in start.map { AgentGroup(id: id, leaderStart: UInt64($0)) } })
      }
    }
  }

  /// The ids of all tasks, of all users.
  func taskIDs() throws -> Set<Int64> {
    try pool.read { try Int64.fetchSet($0, sql: "SELECT id FROM tasks") }
  }

  func deleteTask(_ id: Int64) async throws {
    try await pool.write { try $0.execute(sql: "DELETE FROM tasks WHERE id = ?", arguments: [id]) }
  }

  static func task(_ id: Int64, in database: Database) throws -> TaskRecord? {
    try Row.fetchOne(database, sql: "SELECT \(TaskRecord.columns) FROM tasks WHERE id = ?", arguments: [id])
      .map(TaskRecord.init)
  }
}
