internal import BerayAPI
internal import GRDB

extension Store {
  /// - Parameters:
  ///   - agent: the name of its agent.
  ///   - source: the initial content of its work directory, as JSON of ``WorkSource``.
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

  /// The task; nil if it does not belong to the user.
  func task(_ id: Int64, of userID: Int64) async throws -> TaskRecord? {
    try await pool.read { try Self.task(id, in: $0) }.flatMap { $0.userID == userID ? $0 : nil }
  }

  /// The task's owner. Blocks.
  func owner(ofTask id: Int64) throws -> Int64? {
    try pool.read {
      try Int64.fetchOne($0, sql: "SELECT user_id FROM tasks WHERE id = ? AND NOT is_deleted", arguments: [id])
    }
  }

  /// The user's tasks as a JSON array. There may be many thousands, so it is written without building values.
  func taskList(of userID: Int64) async throws -> [UInt8] {
    try await pool.read { database in
      let rows = try Row.fetchCursor(
        database, sql: "SELECT \(TaskRecord.columns) FROM tasks WHERE user_id = ? AND NOT is_deleted ORDER BY id",
        arguments: [userID])
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
    try pool.read {
      try Int64.fetchAll($0, sql: "SELECT id FROM tasks WHERE status = 'PENDING' AND NOT is_deleted ORDER BY id")
    }
  }

  /// The agents that were running when the server last ended.
  func interruptedRuns() throws -> [InterruptedRun] {
    try pool.read { database in
      let rows = try Row.fetchAll(
        database,
        sql:
          "SELECT id, run_token, process_group, process_start, boot_id, strays FROM tasks WHERE status = 'RUNNING' AND NOT is_deleted"
      )
      return rows.map { row in
        let (number, start, boot, strays): (Int32?, Int64?, String?, String?) = (row[2], row[3], row[4], row[5])
        guard let number, let start, boot == BootID.current else {
          return InterruptedRun(task: row[0], token: row[1], survivors: [])
        }
        let leader = ProcessIdentity(id: number, start: UInt64(start))
        return InterruptedRun(
          task: row[0], token: row[1], survivors: ProcessIdentity.list(strays ?? "").union([leader]))
      }
    }
  }

  /// The ids of all tasks, of all users.
  func taskIDs() throws -> Set<Int64> {
    try pool.read { try Int64.fetchSet($0, sql: "SELECT id FROM tasks WHERE NOT is_deleted") }
  }

  /// The number of tasks with each status.
  func taskCounts() async throws -> [(status: String, count: Int)] {
    try await pool.read { database in
      try Row.fetchAll(
        database, sql: "SELECT status, count(*) FROM tasks WHERE NOT is_deleted GROUP BY status ORDER BY status"
      )
      .map { ($0[0], $0[1]) }
    }
  }

  /// Hides the task from everybody. ``removeDeleted()`` frees its space later.
  func deleteTask(_ id: Int64) async throws {
    try await pool.write { try $0.execute(sql: "UPDATE tasks SET is_deleted = 1 WHERE id = ?", arguments: [id]) }
  }

  static func task(_ id: Int64, in database: Database) throws -> TaskRecord? {
    try Row.fetchOne(
      database, sql: "SELECT \(TaskRecord.columns) FROM tasks WHERE id = ? AND NOT is_deleted", arguments: [id]
    )
    .map(TaskRecord.init)
  }

  /// Removes a part of the deleted tasks' data and shrinks the file. It is only a part, so that no writer waits long.
  /// - Returns: whether more is left.
  func removeDeleted() throws -> Bool {
    let hasMore = try pool.write { database -> Bool in
      if let task = try Int64.fetchOne(database, sql: "SELECT id FROM tasks WHERE is_deleted LIMIT 1") {
        try database.execute(
          sql: """
            DELETE FROM events WHERE task_id = ?1 AND id <
              (SELECT min(id) + 4000 FROM events WHERE task_id = ?1)
            """, arguments: [task])
        if database.changesCount == 0 {
          try database.execute(sql: "DELETE FROM tasks WHERE id = ?", arguments: [task])
        }
        return true
      }
      try database.execute(sql: "PRAGMA incremental_vacuum(1000)")
      return try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0 > 0
    }
    if !hasMore { try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) } }
    return hasMore
  }
}
