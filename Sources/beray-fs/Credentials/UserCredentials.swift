import BerayAPI
import BerayClient
import Logging
import Synchronization

/// The user's token for one server, as the client asks for it.
final class UserCredentials: CredentialProvider {
  private let source: TokenSource
  private let login: @Sendable (_ email: String, _ password: String) async throws -> Session
  /// A token that a new login brought and that is kept nowhere else.
  private let current = Mutex<String?>(nil)

  init(
    source: TokenSource, login: @escaping @Sendable (_ email: String, _ password: String) async throws -> Session
  ) {
    self.source = source
    self.login = login
  }

  func token() async -> String? {
    if let token = current.withLock({ $0 }) { return token }
    return try? source.token()
  }

  /// The token as it stands in its file now; where that is the one that was refused, one new login by `BERAY_PASSWORD_FILE`.
  func renewedToken(rejecting rejected: String?) async -> String? {
    do {
      if let token = try source.token(), token != rejected {
        current.withLock { $0 = nil }
        return token
      }
      guard let (email, password) = try source.login() else { return nil }
      let session = try await login(email, password)
      try source.keep(session.accessToken, email: email)
      current.withLock { $0 = session.accessToken }
      return session.accessToken
    } catch {
      Logger(label: "credentials").warning("no new token: \(ErrorText.sentence(for: error))")
      return nil
    }
  }

  // `login` and `logout` keep and forget the token themselves, for that can fail.
  func store(_ session: Session) async {}
  func drop() async {}
}
