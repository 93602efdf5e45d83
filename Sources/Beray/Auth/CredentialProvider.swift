public import BerayAPI

/// Where a client has its token from. One is asked before every request, so that a login elsewhere takes effect at
/// once.
public protocol CredentialProvider: Sendable {
  /// The token; nil if there is none: requests go without.
  func token() async -> String?
  /// Called once in a call that the server answered with 401.
  /// - Parameter rejected: the token that was refused.
  /// - Returns: another token to try, or nil, or the same, if there is no other.
  func renewedToken(rejecting rejected: String?) async -> String?
  /// Keeps the token of a login or a registration.
  func store(_ session: Session) async
  /// Drops the token: the user logged out.
  func drop() async
}

extension CredentialProvider {
  public func renewedToken(rejecting rejected: String?) async -> String? { nil }
}
