import Beray
import BerayAPI
import Logging
import Synchronization

/// Gives the client the user's token for one server.
final class UserCredentials: CredentialProvider {
  private let source: TokenSource
  private let login: @Sendable (_ email: String, _ password: String) async throws -> Session
  private struct State {
    /// The token of the last login by this process.
    var current: String?
    /// The last tokens that the server refused.
    var refused: [String] = []
  }

  private let state = Mutex(State())
  /// The one login in flight.
  private let renewal = SharedAnswer<String>()

  init(
    source: TokenSource, login: @escaping @Sendable (_ email: String, _ password: String) async throws -> Session
  ) {
    self.source = source
    self.login = login
  }

  func token() async -> String? {
    if let token = state.withLock({ $0.current }) { return token }
    return try? source.token()
  }

  /// A token that was not refused before, from another login or from where it is kept. If there is none, logs in once
  /// with `BERAY_PASSWORD_FILE`. All refused calls share that login.
  func renewedToken(rejecting rejected: String?) async -> String? {
    do {
      if let token = try knownToken(rejecting: rejected) { return token }
      guard let (email, password) = try source.login() else { return nil }
      return try await renewal.value(operation: "login") { () async throws(BerayError) in
        // No need to keep the answer: a call that comes right after a login finds its token.
        .init(try await self.logIn(email, password), keptFor: .zero)
      }
    } catch {
      Logger(label: "credentials").warning("no new token: \(ErrorText.sentence(for: error))")
      return nil
    }
  }

  private func knownToken(rejecting rejected: String?) throws(CommandError) -> String? {
    let stored = try source.token()
    return state.withLock { state in
      if let rejected, !state.refused.contains(rejected) { state.refused = state.refused.suffix(15) + [rejected] }
      if let current = state.current {
        if !state.refused.contains(current) { return current }
        state.current = nil
      }
      return stored.flatMap { state.refused.contains($0) ? nil : $0 }
    }
  }

  private func logIn(_ email: String, _ password: String) async throws(BerayError) -> String {
    if let token = state.withLock({ state in state.current.flatMap { state.refused.contains($0) ? nil : $0 } }) {
      return token
    }
    do {
      let token = try await login(email, password).accessToken
      try source.keep(token, email: email)
      state.withLock { $0.current = token }
      return token
    } catch let error as BerayError {
      throw error
    } catch {
      throw BerayError(.authentication, detail: ErrorText.sentence(for: error), operation: "login")
    }
  }

  // The commands `login` and `logout` store and remove the token themselves, because that can fail.
  func store(_ session: Session) async {}
  func drop() async {}
}
