public import BerayAPI

/// Supplies a client's token. The client asks before every call, so a login elsewhere takes effect at once.
public protocol CredentialProvider: Sendable {
  /// The current token. If it is nil, requests are sent without one.
  func token() async -> String?
  /// Called once per call when the server answers 401.
  /// - Parameter rejected: the token that the server refused.
  /// - Returns: another token to try. If there is none, nil or the same token.
  func renewedToken(rejecting rejected: String?) async -> String?
  /// Stores the token of a login or a registration.
  func store(_ session: Session) async
  /// Drops the token, because the user logged out.
  func drop() async
}

extension CredentialProvider {
  public func renewedToken(rejecting rejected: String?) async -> String? { nil }
}
