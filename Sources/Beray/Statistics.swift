extension BerayClient {
  /// Counts of what a client has done since it was created.
  public struct Statistics: Hashable, Sendable {
    /// Requests sent, retries included, by operation. The keys are the raw values of `Route`, and "openapi".
    public var requests: [String: Int] = [:]
    /// How many requests were retries.
    public var retries = 0
    /// Calls that failed.
    public var failures = 0

    public init() {}
  }
}
