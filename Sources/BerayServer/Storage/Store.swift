internal import BerayAPI
internal import GRDB
internal import Glibc
internal import LinuxSystem

/// The owner of the database. All SQL of the server is in extensions of this type.
///
/// With write-ahead logging, readers do not wait for the writer. Commits are not synced to disk one by one: a power
/// failure may lose the last moments, but a crash of the server loses nothing.
struct Store: Sendable {
  let pool: DatabasePool
  let tokens = KnownTokens()
  /// The largest total size of one task's events, in bytes.
  var eventQuota: Int64 = 32 << 20

  /// Opens the database, creates it if it is missing, and migrates it to the current schema.
  init(path: String) throws {
    // SQLite gives its other files the permissions of this one.
    let file = try OwnedDescriptor.open(path: path, flags: O_RDWR | O_CREAT, mode: 0o600)
    for name in [path, path + "-wal", path + "-shm"] { chmod(name, 0o600) }
    file.close()
    var configuration = Configuration()
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
    configuration.maximumReaderCount = 8
    pool = try DatabasePool(path: path, configuration: configuration)
    guard try !pool.read(Schema.migrator.hasBeenSuperseded) else { throw ServerError.databaseIsNewer(path) }
    try Schema.migrator.migrate(pool)
    // A database from before incremental vacuum must be rewritten once.
    try pool.writeWithoutTransaction { database in
      guard try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") != 2 else { return }
      try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      try database.execute(sql: "VACUUM")
    }
  }

  /// The current time as the server writes it: ISO 8601, UTC, microseconds.
  static func now() -> String { UTCTime.now().iso8601(fractionDigits: 6) }
}
