import Beray
import BerayAPI
import VFS
import Waiting

/// Follows the stream of a task, and puts its events into the log at once.
extension TaskFeed: TaskFollowing {
  func startFollower() {
    // Two changes may both have seen that one is needed.
    withState { state in
      guard state.wantsFollower, state.follower == nil else { return }
      state.follower = Task { [self] in await follow() }
    }
  }

  /// Ends a stream that the server keeps open although the task has ended.
  func startGrace() {
    guard let reader = withState({ $0.reader }) else { return }
    Task { [context] in
      try? await context.time.sleep(FollowingPause.grace)
      reader.cancel()
    }
  }

  func mayGoOn() -> Bool {
    let isCancelled = Task.isCancelled
    let mayGoOn = withState { state in
      if !isCancelled, state.canFollow { return true }
      state.follower = nil
      return false
    }
    // A hold that came while this stream was being cancelled needs a new one.
    if !mayGoOn { change { _ in } }
    return mayGoOn
  }

  var hasEnded: Bool { withState { $0.task.status.isFinished } }
  var lastEventIDs: (streamed: String?, listed: String?) { withState { ($0.lastEventID, $0.lastListedID) } }
  func uptime() -> Duration { context.time.uptime() }
  func sleep(_ duration: Duration) async throws { try await context.time.sleep(duration) }
  func offers() async -> Capabilities? { try? await context.service.capabilities() }

  func open(after lastEventID: String?) async throws(BerayError) -> TaskUpdates {
    try await context.service.updates(of: id, after: lastEventID)
  }

  func closeGap() async throws(BerayError) { try await fetch(joining: false).value() }

  func read(_ updates: TaskUpdates, isResumed: Bool) async -> (error: BerayError?, toldNews: Bool) {
    let (reader, before) = change { state in
      state.log.connect(isResumed: isResumed)
      // What the stream brings waits for this lock, and so comes after the connection.
      let reader = Task { [self] in await take(updates) }
      state.reader = reader
      state.isInGrace = false
      if state.isUnreachable {
        state.isUnreachable = false
        state.changes.append(.reachable)
      }
      return (reader, state.log.size(of: .json))
    }
    _ = fetch(joining: false)
    let error = await withTaskCancellationHandler {
      await reader.value
    } onCancel: {
      reader.cancel()
    }
    let size = change { state in
      state.reader = nil
      state.isLive = false
      return state.log.size(of: .json)
    }
    return (error, size > before)
  }

  private func take(_ updates: TaskUpdates) async -> BerayError? {
    do throws(BerayError) {
      for try await update in updates {
        if Task.isCancelled { return nil }
        take(update)
      }
      return nil
    } catch {
      return error
    }
  }

  private func take(_ update: TaskUpdate) {
    let wantsFetch = change { state in
      state.lastEventID = update.lastEventID ?? state.lastEventID
      let known = state.log.status
      state.log.receive(update)
      // A status that the stream only repeats is neither a line nor news.
      if state.log.status != known { state.set(state.log.status) }
      return update.wantsRefresh || state.log.wantsList || update.status?.isFinished == true
    }
    if wantsFetch { fetchSoon() }
  }

  /// Asks for the task because of what the stream said: at once, or when the pause since the last time is over.
  private func fetchSoon() {
    let now = context.time.uptime()
    let delay = withState { state -> Duration? in
      guard !state.isFetchDue else { return nil }
      state.isFetchDue = true
      return state.lastAskedAt.map { max(.zero, $0 + FollowingPause.betweenRequests - now) } ?? .zero
    }
    guard let delay else { return }
    Task { [self] in
      if delay > .zero { try? await context.time.sleep(delay) }
      withState { $0.isFetchDue = false }
      try? await fetch(joining: false).value()
      // The answer does not cover what came while it was on its way.
      if withState({ $0.log.wantsList && $0.reader != nil && $0.log.mark.received > $0.lastAsked.received }) {
        fetchSoon()
      }
    }
  }

  func failed(_ error: BerayError) {
    guard error.code != .cancelled, error.code != .notFound else { return }
    let isNew = change { state in
      guard !state.isUnreachable else { return false }
      state.isUnreachable = true
      state.changes.append(.unreachable(error))
      return true
    }
    if isNew { _ = context.fail("stream", path, error) }
  }
}
