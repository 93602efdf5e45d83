internal import BerayAPI
internal import Logging
internal import NIOPosix

/// Registration, login and tokens.
struct Accounts: Sendable {
  let store: Store
  let logger: Logger
  /// For what takes long on purpose.
  let threads: NIOThreadPool
  private let limiter = AttemptLimiter()
  private static let codeLifetime: Int64 = 15 * 60
  private static let codeAttempts = 5

  init(store: Store, logger: Logger, threads: NIOThreadPool) {
    self.store = store
    self.logger = logger
    self.threads = threads
  }

  /// Makes a code of six digits and prints it in the log: this server sends no mail.
  func sendCode(to email: String) async throws {
    try check(email)
    guard try await store.account(email: email) == nil else { throw HTTPFailure.conflict("Email already registered") }
    let digits = String(UInt32.random(in: 0..<1_000_000))
    let code = String(repeating: "0", count: 6 - digits.count) + digits
    try await store.setCode(
      hash: SecureBytes.sha256(code), email: email, expiresAt: UTCTime.now().seconds + Self.codeLifetime)
    logger.notice("verification code for \(email): \(code) (valid for 15 minutes)")
  }

  func register(email: String, code: String, password: String) async throws -> Login {
    try check(email)
    guard password.utf8.count >= 8 else {
      throw HTTPFailure.unprocessable(
        ["body", "password"], type: "string_too_short", "String should have at least 8 characters")
    }
    guard password.utf8.count <= 1024 else {
      throw HTTPFailure.unprocessable(
        ["body", "password"], type: "string_too_long", "String should have at most 1024 characters")
    }
    guard try await store.account(email: email) == nil else { throw HTTPFailure.conflict("Email already registered") }
    let pending = try await store.attemptCode(email: email)
    guard let pending, pending.attempts < Self.codeAttempts, pending.expiresAt > UTCTime.now().seconds,
      SecureBytes.areEqual(pending.hash, SecureBytes.sha256(code))
    else { throw HTTPFailure.badRequest("Invalid or expired verification code") }
    let hash = try await threads.runIfActive { try PasswordHash.make(password) }
    guard let account = try await store.insertAccount(email: email, passwordHash: hash) else {
      throw HTTPFailure.conflict("Email already registered")
    }
    return try await open(account)
  }

  func login(email: String, password: String) async throws -> Login {
    let key = email.lowercased()
    try limiter.check(key)
    let account = try await store.account(email: email)
    let hash = account?.passwordHash
    let isRight = try await threads.runIfActive { try PasswordHash.verify(password, against: hash) }
    guard isRight, let account else {
      limiter.recordFailure(key)
      throw HTTPFailure.unauthorized("Incorrect email or password")
    }
    limiter.reset(key)
    return try await open(account)
  }

  private func open(_ account: Account) async throws -> Login {
    let token = AccessToken.random()
    try await store.insertToken(hash: token.hash, of: account)
    return Login(token: token, account: account)
  }

  private func check(_ email: String) throws(HTTPFailure) {
    let parts = email.split(separator: "@", omittingEmptySubsequences: false)
    let isWell =
      parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && email.utf8.count <= 254
      && email.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f && !(0x80...0x9f).contains($0.value) }
    guard isWell else {
      throw .unprocessable(["body", "email"], type: "value_error", "value is not a valid email address")
    }
  }
}

/// A user with a new token.
struct Login: Sendable {
  let token: AccessToken
  let account: Account

  var json: JSON {
    ["access_token": .string(token.text), "token_type": "bearer", "user": account.json]
  }
}

extension Account {
  /// The user as `users/me` tells them.
  var json: JSON { ["id": JSON(id), "email": .string(email), "created_at": .string(createdAt)] }
}
