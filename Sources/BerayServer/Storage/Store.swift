internal import BerayAPI
internal import GRDB
internal import Glibc
internal import LinuxSystem

/// The owner of the database: every statement of the server is in an extension of this type.
///
/// Write-ahead logging lets readers go on while one writer writes. Commits are not synced one by one: a power failure
/// may take the last moments away, a crash of the server takes nothing.
struct Store: Sendable {
  let pool: DatabasePool
  let tokens = KnownTokens()
  /// Bytes that the events of one task may have.
  var eventQuota: Int64 = 32 << 20

  /// Opens the database, makes it if it is missing, and brings it to the present schema.
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
    // A file that was made without it is written anew, once.
    try pool.writeWithoutTransaction { database in
      guard try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") != 2 else { return }
      try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      try database.execute(sql: "VACUUM")
    }
  }

  /// The present time as the server writes it: ISO 8601, UTC, microseconds.
  static func now() -> String { UTCTime.now().iso8601(fractionDigits: 6) }
}
