extension BerayClient {
  /// What a client has done since it was made.
  public struct Statistics: Hashable, Sendable {
    /// Requests sent, retries included, by operation: the raw values of `Route`, and "openapi".
    public var requests: [String: Int] = [:]
    /// Requests that were sent again.
    public var retries = 0
    /// Calls that failed.
    public var failures = 0

    public init() {}
  }
}
