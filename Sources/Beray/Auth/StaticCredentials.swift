public import BerayAPI
internal import Synchronization

/// Keeps a token in memory. A login replaces it, and a logout drops it.
public final class StaticCredentials: CredentialProvider {
  private let current: Mutex<String?>

  /// - Parameter token: the first token; nil until a login stores one.
  public init(token: String? = nil) {
    current = Mutex(token)
  }

  /// The token for the next request; nil if there is none.
  public func token() async -> String? { current.withLock { $0 } }

  /// Takes the token of a login.
  public func store(_ session: Session) async { current.withLock { $0 = session.accessToken } }

  /// Forgets the token, after a logout.
  public func drop() async { current.withLock { $0 = nil } }
}
