public import BerayAPI
internal import Synchronization

/// Keeps a token in memory. A login replaces it, and a logout drops it.
public final class StaticCredentials: CredentialProvider {
  private let current: Mutex<String?>

  public init(token: String? = nil) {
    current = Mutex(token)
  }

  public func token() async -> String? { current.withLock { $0 } }

  public func store(_ session: Session) async { current.withLock { $0 = session.accessToken } }

  public func drop() async { current.withLock { $0 = nil } }
}
