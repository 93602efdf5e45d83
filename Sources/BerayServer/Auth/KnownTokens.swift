internal import Synchronization

/// Caches the accounts of recently used tokens, so that a request needs no query. The database stays authoritative:
/// only this server writes to it, and a token deleted there is forgotten here.
final class KnownTokens: Sendable {
  private struct State {
    var accounts: [[UInt8]: Account] = [:]
    /// Counts deletions, so that an account read before a deletion is not cached after it.
    var deletions: UInt64 = 0
  }

  private static let limit = 1024
  private let state = Mutex(State())

  /// Returns the account of the token with this hash; runs `query` if it is not cached.
  func account(_ hash: [UInt8], _ query: () async throws -> Account?) async throws -> Account? {
    let (known, deletions) = state.withLock { ($0.accounts[hash], $0.deletions) }
    if let known { return known }
    guard let account = try await query() else { return nil }
    state.withLock { state in
      guard state.deletions == deletions else { return }
      if state.accounts.count >= Self.limit { state.accounts = [:] }
      state.accounts[hash] = account
    }
    return account
  }

  /// Call it after accounts, or many tokens, have changed.
  func forgetAll() {
    state.withLock { state in
      state.deletions += 1
      state.accounts = [:]
    }
  }

  /// Call it after the token was deleted.
  func forget(_ hash: [UInt8]) {
    state.withLock { state in
      state.deletions += 1
      state.accounts[hash] = nil
    }
  }
}
