import Beray
import BerayAPI
import Logging
import Synchronization

/// The user's token for one server, as the client asks for it.
final class UserCredentials: CredentialProvider {
  private let source: TokenSource
  private let login: @Sendable (_ email: String, _ password: String) async throws -> Session
  private struct State {
    /// A token that a new login brought and that is kept nowhere else.
    var current: String?
    /// Tokens that the server refused, the last ones.
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

  /// A token that was not refused before: that of a login meanwhile, or the one that stands in its file now; where there
  /// is none, that of one new login by `BERAY_PASSWORD_FILE`, for which all wait who were refused.
  func renewedToken(rejecting rejected: String?) async -> String? {
    do {
      if let token = try knownToken(rejecting: rejected) { return token }
      guard let (email, password) = try source.login() else { return nil }
      return try await renewal.value(operation: "login") { () async throws(BerayError) in
        // Whoever comes just behind a login takes its token.
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

  // `login` and `logout` keep and forget the token themselves, for that can fail.
  func store(_ session: Session) async {}
  func drop() async {}
}
