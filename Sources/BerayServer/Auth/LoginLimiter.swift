internal import HTTPTypes
internal import OrderedCollections
internal import Synchronization

/// Slows down password guessing. It counts attempts at one account from one peer, and attempts at one account from all
/// peers that have never logged in to it. Each failure beyond the free attempts doubles the pause before the next one.
/// Nobody else has to wait.
///
/// An attempt counts before its outcome is known, so that parallel attempts cannot evade the limit.
final class LoginLimiter: Sendable {
  private struct Key: Hashable {
    let account: String
    /// Nil for all peers together.
    let peer: String?
  }

  private struct Entry {
    var attempts = 0
    /// The pause before the next attempt.
    var pause = Duration.zero
    var next: ContinuousClock.Instant
    var last: ContinuousClock.Instant
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    /// Accounts and peers of successful logins, the oldest first.
    var known: OrderedSet<Key> = []
  }

  static let freeOfPeer = 20
  static let freeOfAll = 200
  private static let longestPause = 60
  /// After so long without an attempt, earlier attempts are forgotten.
  private static let memory = Duration.seconds(900)
  private static let maximumEntries = 20_000

  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock().now }) { self.now = now }

  var count: Int { state.withLock { $0.entries.count } }

  /// Counts an attempt.
  /// - Throws: 429 with Retry-After if it comes too early.
  func begin(_ account: String, from peer: String) throws(HTTPFailure) {
    let instant = now()
    let pair = Key(account: account, peer: peer)
    let wait = state.withLock { state -> Duration? in
      if state.entries.count >= Self.maximumEntries {
        state.entries = state.entries.filter { instant - $0.value.last < Self.memory }
        // Under a flood of names, dropping everything is better than growing without limit.
        if state.entries.count >= Self.maximumEntries { state.entries = [:] }
      }
      var keys = [(pair, Self.freeOfPeer)]
      if !state.known.contains(pair) { keys.append((Key(account: account, peer: nil), Self.freeOfAll)) }
      for (key, _) in keys {
        if let entry = state.entries[key], instant - entry.last >= Self.memory { state.entries[key] = nil }
        if let next = state.entries[key]?.next, next > instant { return next - instant }
      }
      for (key, free) in keys {
        var entry = state.entries[key] ?? Entry(next: instant, last: instant)
        entry.attempts += 1
        entry.last = instant
        entry.pause = Self.pause(attempts: entry.attempts, free: free)
        entry.next = instant + entry.pause
        state.entries[key] = entry
      }
      return nil
    }
    guard let wait else { return }
    var failure = HTTPFailure(.tooManyRequests, "Too many attempts; try again later")
    failure.headers[.retryAfter] = String(wait.components.seconds + 1)
    throw failure
  }

  /// Restarts the pause after a wrong password, so that the time of the check does not count towards it.
  func failed(_ account: String, from peer: String) {
    let instant = now()
    state.withLock { state in
      for key in [Key(account: account, peer: peer), Key(account: account, peer: nil)] {
        guard let pause = state.entries[key]?.pause else { continue }
        state.entries[key]?.next = instant + pause
      }
    }
  }

  private static func pause(attempts: Int, free: Int) -> Duration {
    let beyond = attempts - free
    return beyond < 0 ? .zero : .seconds(min(longestPause, 1 << min(beyond, 10)))
  }

  /// Uncounts an attempt whose password was not checked.
  func takeBack(_ account: String, from peer: String) {
    state.withLock { state in
      for key in [Key(account: account, peer: peer), Key(account: account, peer: nil)] {
        state.entries[key]?.attempts -= 1
      }
    }
  }

  /// Forgets the attempts of this peer after a successful login.
  func succeeded(_ account: String, from peer: String) {
    let pair = Key(account: account, peer: peer)
    state.withLock { state in
      state.entries[pair] = nil
      state.entries[Key(account: account, peer: nil)]?.attempts -= 1
      state.known.remove(pair)
      state.known.append(pair)
      if state.known.count > 1024 { state.known.removeFirst() }
    }
  }
}

/// Remembers recent right passwords, each for one peer, as digests with a key that exists only in this process. A known
/// password passes at once, so attacks by others cannot lock its user out.
final class KnownPasswords: Sendable {
  private let key = AccessToken.random().text
  private let digests = Mutex<[(digest: [UInt8], hash: String)]>([])

  /// Whether this password logged in before, and the account's password has not changed since.
  func contains(_ password: String, _ account: Account, from peer: String) -> Bool {
    let digest = digest(password, account, peer)
    return digests.withLock { $0.contains { $0.digest == digest && $0.hash == account.passwordHash } }
  }

  func remember(_ password: String, _ account: Account, hash: String, from peer: String) {
    let digest = digest(password, account, peer)
    digests.withLock { digests in
      digests.removeAll { $0.digest == digest }
      digests.append((digest, hash))
      if digests.count > 256 { digests.removeFirst() }
    }
  }

  private func digest(_ password: String, _ account: Account, _ peer: String) -> [UInt8] {
    SecureBytes.sha256("\(key)\u{0}\(account.id)\u{0}\(peer)\u{0}\(password)")
  }
}
