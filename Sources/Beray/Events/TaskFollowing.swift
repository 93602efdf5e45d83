package import BerayAPI

/// Follows a task, for the SDK and the mount alike.
///
/// A stream is opened behind what is known, read to its end, and the gap that its end leaves is closed by asking for the
/// task. What is asked and what is done with the answers is the follower's; when, in which order and how often is here.
package protocol TaskFollowing: Sendable {
  /// Whether there is anything to go on for; the follower may end itself here.
  func mayGoOn() -> Bool
  /// Whether the task is known to have ended, so that no stream has more to tell.
  var hasEnded: Bool { get }
  /// What the server offers; nil if it cannot be told at present.
  func offers() async -> Capabilities?
  /// The id of the last event that is known from a stream, and from a list of the task.
  var lastEventIDs: (streamed: String?, listed: String?) { get }
  func open(after lastEventID: String?) async throws(BerayError) -> TaskUpdates
  /// Reads a stream to its end.
  /// - Parameter isResumed: nothing is missing between what is known and the stream.
  /// - Returns: why it broke, if it did, and whether it told anything new.
  func read(_ updates: TaskUpdates, isResumed: Bool) async -> (error: BerayError?, toldNews: Bool)
  /// Asks the server for the task, and takes what it tells.
  func closeGap() async throws(BerayError)
  /// A request failed.
  func failed(_ error: BerayError)
  func uptime() -> Duration
  func sleep(_ duration: Duration) async throws
}

extension TaskFollowing {
  /// Follows until ``mayGoOn()`` says no.
  package func follow() async {
    var failures = 0
    var hasStream = true
    while mayGoOn() {
      var error: BerayError?
      if hasStream, !hasEnded { error = await followStream(&failures) }
      let isMissing = error.map(FollowingPause.meansNoStream) ?? false
      // The list closes the gap that the end of the stream leaves, and tells whether it was the end of the task.
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
  /// - Returns: why it could not be opened, or nil.
  private func followStream(_ failures: inout Int) async -> BerayError? {
    let offers = await offers()
    let isResumable = offers?.contains(.resumableStream) ?? false
    let (streamed, listed) = lastEventIDs
    let last = streamed ?? (isResumable ? listed : nil)
    let updates: TaskUpdates
    do { updates = try await open(after: last) } catch { return error }
    let start = uptime()
    // Where events have ids by contract, a stream from the start leaves no gap either.
    let isResumed = isResumable && (last != nil || offers?.eventContract == .declared)
    let (error, toldNews) = await read(updates, isResumed: isResumed)
    // A server that repeats what is known and hangs up is not to be asked again at once.
    if toldNews || uptime() - start >= FollowingPause.steady { failures = 0 }
    // A stream that was open and broke is no failure yet: the next request tells whether the server can be reached.
    return error?.code == .authentication ? error : nil
  }
}

/// How long a follower waits.
package enum FollowingPause {
  /// How long a stream may go on when the task has ended.
  package static let grace = Duration.seconds(2)
  /// A stream that lived this long was no failure, whatever came of it.
  static let steady = Duration.seconds(5)
  /// How often a task is asked whose server has no stream of it.
  static let poll = Duration.seconds(1)
  /// The least time between two requests that a stream asks for.
  package static let betweenRequests = Duration.milliseconds(500)

  /// Whether a server answers in a way that it will answer again: its tasks are asked for then.
  static func meansNoStream(_ error: BerayError) -> Bool {
    error.code == .notFound || error.code == .invalidResponse || error.status == 405 || error.status == 501
  }

  /// 0.2 s at first, doubled up to 10 s, each shortened by up to a half, so that many clients do not come back at once.
  /// A client that was refused for its credentials waits for a new login.
  static func after(_ error: BerayError?, _ failures: Int) -> Duration {
    if error?.code == .authentication { return .seconds(10) }
    let seconds = min(10, 0.2 * Double(1 << min(failures, 6)))
    return .seconds(seconds * Double.random(in: 0.5...1))
  }
}
