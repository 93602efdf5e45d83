internal import GRDB

/// The tables and their migrations. Never change a published migration; add a new one.
enum Schema {
  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("users, tasks and events") { database in
      try database.execute(
        sql: """
          CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            email TEXT NOT NULL UNIQUE COLLATE NOCASE,
            -- NULL: this user has no password and cannot log in.
            password_hash TEXT,
            created_at TEXT NOT NULL
          );
          CREATE TABLE tokens (
            -- SHA-256 of the token, which is nowhere kept.
            hash BLOB PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            created_at TEXT NOT NULL
          ) WITHOUT ROWID;
          CREATE TABLE verification_codes (
            email TEXT PRIMARY KEY COLLATE NOCASE,
            hash BLOB NOT NULL,
            -- Seconds since 1970.
            expires_at INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0
          ) WITHOUT ROWID;
          CREATE TABLE tasks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            goal TEXT NOT NULL,
            -- JSON as it came.
            tools TEXT NOT NULL,
            status TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            error TEXT,
            exit_code INTEGER,
            last_event_id INTEGER NOT NULL DEFAULT 0,
            -- The agent's process group and its leader's start time, in clock ticks since boot, while it runs.
            process_group INTEGER,
            process_start INTEGER
          );
          CREATE INDEX tasks_of_user ON tasks (user_id, id);
          CREATE INDEX tasks_by_status ON tasks (status);
          CREATE TABLE events (
            task_id INTEGER NOT NULL REFERENCES tasks ON DELETE CASCADE,
            -- Counts from 1 in each task.
            id INTEGER NOT NULL,
            -- One JSON object, as it is sent.
            json TEXT NOT NULL,
            PRIMARY KEY (task_id, id)
          ) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("agents of tasks") { database in
      try database.execute(
        sql: """
          -- The name of the task's agent.
          ALTER TABLE tasks ADD COLUMN agent TEXT;
          -- The agent's last answer.
          ALTER TABLE tasks ADD COLUMN result TEXT;
          -- What the work directory began with, as it was asked for.
          ALTER TABLE tasks ADD COLUMN source TEXT;
          -- What the processes of the agent carry in their environment, and the boot that process_group counts in.
          ALTER TABLE tasks ADD COLUMN run_token TEXT;
          ALTER TABLE tasks ADD COLUMN boot_id TEXT;
          """)
    }
    migrator.registerMigration("quota of events, and deletion in pieces") { database in
      try database.execute(
        sql: """
          -- Of the events that the agent wrote.
          ALTER TABLE tasks ADD COLUMN event_bytes INTEGER NOT NULL DEFAULT 0;
          -- Nobody sees the task any more; its rows go in pieces.
          ALTER TABLE tasks ADD COLUMN is_deleted INTEGER NOT NULL DEFAULT 0;
          CREATE INDEX deleted_tasks ON tasks (id) WHERE is_deleted;
          """)
    }
    migrator.registerMigration("processes that left their agent's family") { database in
      try database.execute(
        sql: """
          -- Of a running task's agent those processes that do not carry run_token, as NUMBER:START, one a word.
          ALTER TABLE tasks ADD COLUMN strays TEXT;
          """)
    }
    return migrator
  }()
}
