internal import BerayAPI
internal import HTTPTypes
internal import Logging

/// Registration, login and tokens.
struct Accounts: Sendable {
  let store: Store
  let logger: Logger
  let passwords = PasswordThread()
  /// For unregistered addresses, so that a flood of requests for those does not delay users.
  let strangers = PasswordThread()
  private let codeRequests = AttemptLimiter(ofOne: 5, ofAll: 200, period: .seconds(900))
  private let codeGuesses = AttemptLimiter(ofOne: 10, ofAll: 500, period: .seconds(900))
  private let logins = LoginLimiter()
  private let known = KnownPasswords()
  private static let codeLifetime: Int64 = 15 * 60
  private static let codeAttempts = 5

  init(store: Store, logger: Logger) {
    self.store = store
    self.logger = logger
  }

  /// Makes a code and prints it in the log, because this server sends no mail.
  func sendCode(to email: String) async throws {
    try check(email)
    try codeRequests.count(email.lowercased())
    guard try await store.account(email: email) == nil else { throw HTTPFailure.conflict("Email already registered") }
    let code = SecureBytes.code()
    try await store.setCode(
      hash: SecureBytes.sha256(code), email: email, expiresAt: UTCTime.now().seconds + Self.codeLifetime)
    logger.notice("verification code for \(email): \(code) (valid for 15 minutes)")
  }

  func register(email: String, code: String, password: String) async throws -> Login {
    try check(email)
    try checkPassword(password)
    let key = email.lowercased()
    try codeGuesses.count(key)
    guard try await store.account(email: email) == nil else { throw HTTPFailure.conflict("Email already registered") }
    let pending = try await store.attemptCode(email: email)
    guard let pending, pending.attempts < Self.codeAttempts, pending.expiresAt > UTCTime.now().seconds,
      SecureBytes.areEqual(pending.hash, SecureBytes.sha256(code))
    else { throw HTTPFailure.badRequest("Invalid or expired verification code") }
    codeGuesses.forgive(key)
    let hash = try await passwords.run { try PasswordHash.make(password) }
    guard let account = try await store.insertAccount(email: email, passwordHash: hash) else {
      throw HTTPFailure.conflict("Email already registered")
    }
    return try await open(account)
  }

  /// - Parameter peer: where the request came from.
  func login(email: String, password: String, from peer: String) async throws -> Login {
    try checkLength("email", email, maximum: Self.maximumEmail)
    try checkLength("password", password, maximum: 1024)
    let key = email.lowercased()
    let account = try await store.account(email: email)
    if let account, known.contains(password, account, from: peer) { return try await open(account) }
    do throws(HTTPFailure) { try logins.begin(key, from: peer) } catch {
      tellFailure(email, peer, "too many attempts")
      throw error
    }
    let hash = account?.passwordHash
    let isRight: Bool
    do {
      let thread = hash == nil ? strangers : passwords
      isRight = try await thread.run { try PasswordHash.verify(password, against: hash) }
    } catch let failure as HTTPFailure where failure.status == .serviceUnavailable {
      // The password was not checked, because others tried too often. This must not count against this peer.
      logins.takeBack(key, from: peer)
      throw failure
    }
    guard isRight, let account, let hash else {
      logins.failed(key, from: peer)
      tellFailure(email, peer, "wrong address or password")
      throw HTTPFailure.unauthorized("Incorrect email or password")
    }
    logins.succeeded(key, from: peer)
    let kept = PasswordHash.isUpToDate(hash) ? hash : try await setPassword(password, of: account)
    known.remember(password, account, hash: kept, from: peer)
    return try await open(account)
  }

  /// Sets a new password, and revokes all tokens of the account except `exceptToken`.
  func changePassword(of account: Account, to password: String, exceptToken: [UInt8]?) async throws {
    try checkPassword(password)
    _ = try await setPassword(password, of: account)
    try await store.deleteTokens(of: account.id, except: exceptToken)
  }

  /// Whether the password is right. The check counts as an attempt to log in.
  func check(_ password: String, of account: Account, from peer: String) async throws -> Bool {
    guard let hash = try await store.account(email: account.email)?.passwordHash else { return false }
    let key = account.email.lowercased()
    try logins.begin(key, from: peer)
    guard try await passwords.run({ try PasswordHash.verify(password, against: hash) }) else {
      logins.failed(key, from: peer)
      return false
    }
    logins.succeeded(key, from: peer)
    return true
  }

  private func setPassword(_ password: String, of account: Account) async throws -> String {
    let hash = try await passwords.run { try PasswordHash.make(password) }
    try await store.setPasswordHash(hash, of: account.id)
    return hash
  }

  private func tellFailure(_ email: String, _ peer: String, _ reason: String) {
    logger.notice("failed login of \(ShownText.escaped(email)) from \(peer.isEmpty ? "unix" : peer): \(reason)")
  }

  private func checkPassword(_ password: String) throws(HTTPFailure) {
    try checkLength("password", password, maximum: 1024)
    guard password.utf8.count >= 8 else {
      throw .unprocessable(["body", "password"], type: "string_too_short", "String should have at least 8 characters")
    }
  }

  private func open(_ account: Account) async throws -> Login {
    let token = AccessToken.random()
    try await store.insertToken(hash: token.hash, of: account)
    return Login(token: token, account: account)
  }

  /// The longest address, in bytes (RFC 5321 §4.5.3.1.3).
  private static let maximumEmail = 254

  /// Refuses early a text that is too long to belong to any account.
  private func checkLength(_ field: JSON, _ text: String, maximum: Int) throws(HTTPFailure) {
    guard text.utf8.count <= maximum else {
      throw .unprocessable(
        ["body", field], type: "string_too_long", "String should have at most \(maximum) characters")
    }
  }

  private func check(_ email: String) throws(HTTPFailure) {
    let parts = email.split(separator: "@", omittingEmptySubsequences: false)
    let isWell =
      parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && email.utf8.count <= Self.maximumEmail
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
