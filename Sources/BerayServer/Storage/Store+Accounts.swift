internal import BerayAPI
internal import Foundation
internal import GRDB

/// A user of this server.
struct Account: Hashable, Sendable {
  let id: Int64
  let email: String
  let createdAt: String
  /// Nil if the account cannot log in with a password.
  let passwordHash: String?
}

/// A verification code that was sent, as it is stored.
struct PendingCode: Sendable {
  let hash: [UInt8]
  /// Seconds since 1970.
  let expiresAt: Int64
  let attempts: Int
}

extension Store {
  func account(email: String) async throws -> Account? {
    try await pool.read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM users WHERE email = ?", arguments: [email]).map(Account.init)
    }
  }

  func account(tokenHash: [UInt8]) async throws -> Account? {
    try await tokens.account(tokenHash) {
      try await pool.read { database in
        try Row.fetchOne(
          database, sql: "SELECT users.* FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.hash = ?",
          arguments: [tokenHash.databaseBlob]
        ).map(Account.init)
      }
    }
  }

  /// - Returns: nil if the address is taken.
  func insertAccount(email: String, passwordHash: String?) async throws -> Account? {
    try await pool.write { database in
      try database.execute(
        sql: "INSERT INTO users (email, password_hash, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        arguments: [email, passwordHash, Store.now()])
      guard database.changesCount == 1 else { return nil }
      try database.execute(sql: "DELETE FROM verification_codes WHERE email = ?", arguments: [email])
      return try Row.fetchOne(database, sql: "SELECT * FROM users WHERE email = ?", arguments: [email])
        .map(Account.init)
    }
  }

  func insertToken(hash: [UInt8], of account: Account) async throws {
    try await pool.write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO tokens (hash, user_id, created_at) VALUES (?, ?, ?)",
        arguments: [hash.databaseBlob, account.id, Store.now()])
    }
  }

  func deleteToken(hash: [UInt8]) async throws {
    try await pool.write { database in
      try database.execute(sql: "DELETE FROM tokens WHERE hash = ?", arguments: [hash.databaseBlob])
    }
    tokens.forget(hash)
  }

  func setPasswordHash(_ hash: String, of account: Int64) async throws {
    try await pool.write { database in
      try database.execute(sql: "UPDATE users SET password_hash = ? WHERE id = ?", arguments: [hash, account])
    }
    tokens.forgetAll()
  }

  /// All users, the oldest first.
  func accounts() async throws -> [Account] {
    try await pool.read { try Row.fetchAll($0, sql: "SELECT * FROM users ORDER BY id").map(Account.init) }
  }

  /// The tokens of an account, the oldest first. The id is the start of the hash, which reveals nothing of the token.
  func tokens(of account: Int64) async throws -> [(id: String, createdAt: String, hash: [UInt8])] {
    try await pool.read { database in
      try Row.fetchAll(
        database,
        sql:
          "SELECT lower(substr(hex(hash), 1, 16)), created_at, hash FROM tokens WHERE user_id = ? ORDER BY created_at",
        arguments: [account]
      ).map { ($0[0], $0[1], [UInt8]($0[2] as Data)) }
    }
  }

  func deleteTokens(of account: Int64, except hash: [UInt8]?) async throws {
    try await pool.write { database in
      try database.execute(
        sql: "DELETE FROM tokens WHERE user_id = ? AND hash IS NOT ?", arguments: [account, hash?.databaseBlob])
    }
    tokens.forgetAll()
  }

  /// Stores the code of an address, replaces an earlier one, and deletes all expired codes.
  func setCode(hash: [UInt8], email: String, expiresAt: Int64) async throws {
    try await pool.write { database in
      try database.execute(
        sql: "DELETE FROM verification_codes WHERE expires_at <= ?", arguments: [UTCTime.now().seconds])
      try database.execute(
        sql: "INSERT OR REPLACE INTO verification_codes (email, hash, expires_at, attempts) VALUES (?, ?, ?, 0)",
        arguments: [email, hash.databaseBlob, expiresAt])
    }
  }

  /// Returns the code that was sent to an address, and counts one more attempt.
  func attemptCode(email: String) async throws -> PendingCode? {
    try await pool.write { database in
      let row = try Row.fetchOne(database, sql: "SELECT * FROM verification_codes WHERE email = ?", arguments: [email])
      guard let row else { return nil }
      try database.execute(
        sql: "UPDATE verification_codes SET attempts = attempts + 1 WHERE email = ?", arguments: [email])
      return PendingCode(hash: [UInt8](row["hash"] as Data), expiresAt: row["expires_at"], attempts: row["attempts"])
    }
  }
}

extension Account {
  fileprivate init(_ row: Row) {
    self.init(id: row["id"], email: row["email"], createdAt: row["created_at"], passwordHash: row["password_hash"])
  }
}

extension [UInt8] {
  fileprivate var databaseBlob: Data { Data(self) }
}
