package import BerayAPI

/// Follows a task, for both the SDK and the mount.
///
/// The loop opens a stream after the last known event, reads it to its end, then fetches the task to close the gap.
/// This protocol decides the order and the pauses. The conforming type makes the requests and handles the answers.
package protocol TaskFollowing: Sendable {
  /// Whether to continue. The follower may also end itself here.
  func mayGoOn() -> Bool
  /// Whether the task is known to have ended, so that a stream would bring nothing new.
  var hasEnded: Bool { get }
  /// The server's capabilities; nil if they are unknown at present.
  func offers() async -> Capabilities?
  /// The ids of the last event received on a stream and of the last event in a list.
  var lastEventIDs: (streamed: String?, listed: String?) { get }
  func open(after lastEventID: String?) async throws(BerayError) -> TaskUpdates
  /// Reads a stream to its end.
  /// - Parameter isResumed: whether the stream continues without a gap after the known events.
  /// - Returns: the error that broke the stream, if any, and whether it brought anything new.
  func read(_ updates: TaskUpdates, isResumed: Bool) async -> (error: BerayError?, toldNews: Bool)
  /// Fetches the task and merges its events.
  func closeGap() async throws(BerayError)
  /// Called when a request has failed.
  func failed(_ error: BerayError)
  func uptime() -> Duration
  func sleep(_ duration: Duration) async throws
}

extension TaskFollowing {
  /// Follows until ``mayGoOn()`` returns false.
  package func follow() async {
    var failures = 0
    var hasStream = true
    while mayGoOn() {
      var error: BerayError?
      if hasStream, !hasEnded { error = await followStream(&failures) }
      let isMissing = error.map(FollowingPause.meansNoStream) ?? false
      // The list closes the gap after the stream, and shows whether the task has ended.
      if error == nil || isMissing {
        error = nil
        do throws(BerayError) { try await closeGap() } catch let failure { error = failure }
      }
      if isMissing, error == nil { hasStream = false }
      guard mayGoOn() else { return }
      if let error { failed(error) }
      try? await sleep(hasStream ? FollowingPause.after(error, failures) : FollowingPause.poll)
      failures += 1
    }
  }

  /// Reads one stream to its end.
  /// - Returns: the error if the stream could not be opened or the credentials were refused.
  private func followStream(_ failures: inout Int) async -> BerayError? {
    let offers = await offers()
    let isResumable = offers?.contains(.resumableStream) ?? false
    let (streamed, listed) = lastEventIDs
    let last = streamed ?? (isResumable ? listed : nil)
    let updates: TaskUpdates
    do { updates = try await open(after: last) } catch { return error }
    let start = uptime()
    // With declared events, a stream from the start leaves no gap either, because every event has an id.
    let isResumed = isResumable && (last != nil || offers?.eventContract == .declared)
    let (error, toldNews) = await read(updates, isResumed: isResumed)
    // Otherwise the pauses keep growing: the server may just repeat known events and hang up.
    if toldNews || uptime() - start >= FollowingPause.steady { failures = 0 }
    // A broken stream is not a failure yet. The next request shows whether the server can be reached.
    return error?.code == .authentication ? error : nil
  }
}

/// The pauses of a follower.
package enum FollowingPause {
  /// How long a stream may continue after the task has ended.
  package static let grace = Duration.seconds(2)
  /// A stream that lasted this long counts as a success, even if it brought nothing new.
  static let steady = Duration.seconds(5)
  /// How often a task is polled if the server has no stream for it.
  static let poll = Duration.seconds(1)
  /// The least time between two requests that events of a stream trigger.
  package static let betweenRequests = Duration.milliseconds(500)

  /// Whether the answer means that the server has no stream, so that the task is polled instead.
  static func meansNoStream(_ error: BerayError) -> Bool {
    error.code == .notFound || error.code == .invalidResponse || error.status == 405 || error.status == 501
  }

  /// The pause after a failure: 0.2 s at first, doubled up to 10 s. Each is shortened at random by up to a half, so
  /// that clients do not retry in step. After refused credentials, it is always 10 s, because only a new login helps.
  static func after(_ error: BerayError?, _ failures: Int) -> Duration {
    if error?.code == .authentication { return .seconds(10) }
    let seconds = min(10, 0.2 * Double(1 << min(failures, 6)))
    return .seconds(seconds * Double.random(in: 0.5...1))
  }
}
