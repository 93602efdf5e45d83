internal import BerayAPI
internal import Synchronization

/// Follows one task for ``BerayClient/follow(_:patience:)``.
final class EventFollower: TaskFollowing {
  private struct State {
    var merger: EventMerger
    var status = TaskStatus("")
    var updated: UTCTime?
    var lastEventID: String?
    var lastListedID: String?
    /// Whether the final status arrived on the stream of a server that declares its events. No event can be missing
    /// then.
    var isWhole = false
    /// Whether the next stream will bring what is missing: the server declares its events, and its stream was open.
    var mayResume = false
    var isOver = false
    var failure: BerayError?
    /// When the server became unreachable.
    var awaySince: Duration?
    var lastAsked: Duration?
  }

  private let client: BerayClient
  private let id: TaskID
  private let patience: Duration
  private let handoff: EventHandoff
  private let state = Mutex(State(merger: EventMerger(status: TaskStatus(""))))
  private let start = ContinuousClock.now

  init(client: BerayClient, id: TaskID, patience: Duration, handoff: EventHandoff) {
    self.client = client
    self.id = id
    self.patience = patience
    self.handoff = handoff
  }

  func run() async {
    await follow()
    if let failure = state.withLock({ $0.failure }) { return handoff.finish(.failure(failure)) }
    if Task.isCancelled { return handoff.abandon() }
    await hand(
      over: state.withLock { state in
        state.merger.close(status: state.status, at: state.updated)
        return state.merger.takeWritten()
      })
    handoff.finish(.success(()))
  }

  func mayGoOn() -> Bool {
    !Task.isCancelled && state.withLock { !$0.isOver && $0.failure == nil }
  }

  var hasEnded: Bool { state.withLock { $0.status.isFinished } }
  var lastEventIDs: (streamed: String?, listed: String?) { state.withLock { ($0.lastEventID, $0.lastListedID) } }
  func offers() async -> Capabilities? { try? await client.capabilities() }

  func open(after lastEventID: String?) async throws(BerayError) -> TaskUpdates {
    try await client.updates(of: id, after: lastEventID)
  }

  func read(_ updates: TaskUpdates, isResumed: Bool) async -> (error: BerayError?, toldNews: Bool) {
    let before = state.withLock { state in
      state.awaySince = nil
      state.merger.connect(isResumed: isResumed)
      return state.merger.writtenCount
    }
    let declares = await offers()?.eventContract == .declared && isResumed
    state.withLock { $0.mayResume = declares }
    var error: BerayError?
    do throws(BerayError) {
      if !isResumed { try await ask() }
      for try await update in updates {
        let (new, wantsList) = state.withLock { state in
          state.lastEventID = update.lastEventID ?? state.lastEventID
          state.merger.receive(update)
          if let status = update.status { state.status = status }
          if declares, state.status.isFinished { state.isWhole = true }
          let isUnsure = update.wantsRefresh || state.merger.wantsList || state.status.isFinished
          return (state.merger.takeWritten(), isUnsure && !state.isWhole)
        }
        await hand(over: new)
        if wantsList { try await askSoon() }
        if hasEnded { break }
      }
    } catch let failure {
      error = failure
    }
    return (error, state.withLock { $0.merger.writtenCount > before })
  }

  func closeGap() async throws(BerayError) {
    let needsList = state.withLock { state in
      state.isOver = state.isWhole
      defer { state.mayResume = false }
      return !state.isWhole && !state.mayResume
    }
    guard needsList else { return }
    try await ask()
    state.withLock { $0.isOver = $0.status.isFinished }
  }

  func failed(_ error: BerayError) {
    let now = uptime()
    state.withLock { state in
      let since = state.awaySince ?? now
      state.awaySince = since
      let mayPass = error.isTransient || error.code == .timedOut || error.status == 429 || error.status == 500
      if !mayPass || now - since >= patience { state.failure = error }
    }
  }

  func uptime() -> Duration { start.duration(to: .now) }
  func sleep(_ duration: Duration) async throws { try await client.configuration.pause(duration) }

  /// Asks for the task, at most once per ``FollowingPause/betweenRequests``.
  private func askSoon() async throws(BerayError) {
    let now = uptime()
    let wait = state.withLock { state in state.lastAsked.map { $0 + FollowingPause.betweenRequests - now } ?? .zero }
    if wait > .zero { try? await sleep(wait) }
    try await ask()
  }

  private func ask() async throws(BerayError) {
    let now = uptime()
    let mark = state.withLock { state in
      state.lastAsked = now
      return state.merger.mark
    }
    let task: BerayTask
    do { task = try await client.task(id) } catch {
      let new = state.withLock { state in
        state.merger.stopWaiting()
        return state.merger.takeWritten()
      }
      await hand(over: new)
      throw error
    }
    let events = task.events.map(ListedEvents.init)
    let new = state.withLock { state in
      state.awaySince = nil
      state.merger.begin(status: task.status.isFinished ? TaskStatus("") : task.status)
      state.status = task.status
      state.updated = task.updatedAt
      state.merger.merge(events, status: task.status, asked: mark)
      if let last = task.events?.last(where: { $0.id != nil }) { state.lastListedID = last.id }
      return state.merger.takeWritten()
    }
    await hand(over: new)
  }

  private func hand(over events: [TaskEvent]) async { await handoff.send(events) }
}
