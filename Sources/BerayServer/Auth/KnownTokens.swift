internal import Synchronization

/// The accounts of tokens that came lately, so that a request costs no query. The database stays what counts: nothing
/// else writes to it, and a token that is deleted there is forgotten here.
final class KnownTokens: Sendable {
  private struct State {
    var accounts: [[UInt8]: Account] = [:]
    /// Counts deletions: what was read before one is not kept after it.
    var deletions: UInt64 = 0
  }

  private static let limit = 1024
  private let state = Mutex(State())

  /// The account of the token with this hash, asked for by `query` where it is not known.
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

  /// Accounts or many tokens have changed.
  func forgetAll() {
    state.withLock { state in
      state.deletions += 1
      state.accounts = [:]
    }
  }

  /// The token was deleted.
  func forget(_ hash: [UInt8]) {
    state.withLock { state in
      state.deletions += 1
      state.accounts[hash] = nil
    }
  }
}
