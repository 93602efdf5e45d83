import BerayAPI
import BerayClient
import VFS

/// Following the stream of a task: what comes of it goes into the log at once, and every gap is closed by fetching the
/// task.
extension TaskFeed {
  /// How long a stream may go on when the task has ended.
  private static var grace: Duration { .seconds(2) }
  /// A stream that lived this long was no failure, whatever came of it.
  private static var steady: Duration { .seconds(5) }
  /// How often a task is asked whose server has no stream of it.
  private static var pollInterval: Duration { .seconds(1) }
  /// The least time between two requests that the stream asks for.
  private static var fetchInterval: Duration { .milliseconds(500) }

  func startFollower() {
    // Two changes may both have seen that one is needed.
    read { state in
      guard state.wantsFollower, state.follower == nil else { return }
      state.follower = Task { [self] in await follow() }
    }
  }

  /// Ends a stream that the server keeps open although the task has ended.
  func startGrace() {
    guard let reader = read({ $0.reader }) else { return }
    Task { [context] in
      try? await context.time.sleep(Self.grace)
      reader.cancel()
    }
  }

  private func follow() async {
    var failures = 0
    var hasStream = true
    while mayGoOn() {
      var error: BerayError?
      if hasStream, !read({ $0.task.status.isFinished }) { error = await followStream(&failures) }
      let isMissing = error.map(Self.meansNoStream) ?? false
      // The list closes the gap that the end of the stream leaves, and tells whether it was the end of the task.
      if error == nil || isMissing {
        error = nil
        do throws(BerayError) { try await fetch(joining: false).value() } catch let failure { error = failure }
      }
      if isMissing, error == nil { hasStream = false }
      guard mayGoOn() else { return }
      if let error { tell(error) }
      try? await context.time.sleep(hasStream ? Self.pause(after: error, failures) : Self.pollInterval)
      failures += 1
    }
  }

  /// Whether a server answers in a way that it will answer again: its tasks are asked for then.
  private static func meansNoStream(_ error: BerayError) -> Bool {
    error.code == .notFound || error.code == .invalidResponse || error.status == 405 || error.status == 501
  }

  /// Whether to go on; where not, there is no follower any more.
  private func mayGoOn() -> Bool {
    let isCancelled = Task.isCancelled
    let mayGoOn = read { state in
      if !isCancelled, state.canFollow { return true }
      state.follower = nil
      return false
    }
    // A hold that came while this one was being cancelled needs another.
    if !mayGoOn { change { _ in } }
    return mayGoOn
  }

  /// Reads one stream to its end.
  /// - Returns: why it could not be opened, or nil.
  private func followStream(_ failures: inout Int) async -> BerayError? {
    let offers = try? await context.service.capabilities()
    let isResumable = offers?.contains(.resumableStream) ?? false
    let last = read { $0.lastEventID ?? (isResumable ? $0.lastListedID : nil) }
    let updates: TaskUpdates
    do { updates = try await context.service.updates(of: id, after: last) } catch { return error }
    let start = context.time.uptime()
    let (reader, before) = change { state in
      state.log.connect(isResumed: isResumable && last != nil)
      // What it reads waits for this lock, and so comes behind the connection.
      let reader = Task { [self] in await read(updates) }
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
    // A server that repeats what is known and hangs up is not to be asked again at once.
    if size > before || context.time.uptime() - start >= Self.steady { failures = 0 }
    // A stream that was open and broke is no failure yet: the next request tells whether the server can be reached.
    return error?.code == .authentication ? error : nil
  }

  private func read(_ updates: TaskUpdates) async -> BerayError? {
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
      // A status that the stream only repeats is no line, and no news.
      if state.log.status != known { state.set(state.log.status) }
      return update.wantsRefresh || state.log.wantsList || update.status?.isFinished == true
    }
    if wantsFetch { fetchSoon() }
  }

  /// Asks for the task because of what the stream said: at once, or when enough time has passed since the last time.
  private func fetchSoon() {
    let now = context.time.uptime()
    let delay = read { state -> Duration? in
      guard !state.isFetchDue else { return nil }
      state.isFetchDue = true
      return state.lastAskedAt.map { max(.zero, $0 + Self.fetchInterval - now) } ?? .zero
    }
    guard let delay else { return }
    Task { [self] in
      if delay > .zero { try? await context.time.sleep(delay) }
      read { $0.isFetchDue = false }
      try? await fetch(joining: false).value()
      // What came while the answer was on its way is not covered by it.
      if read({ $0.log.wantsList && $0.reader != nil && $0.log.mark.received > $0.lastAsked.received }) { fetchSoon() }
    }
  }

  private func tell(_ error: BerayError) {
    guard error.code != .cancelled, error.code != .notFound else { return }
    let isNew = change { state in
      guard !state.isUnreachable else { return false }
      state.isUnreachable = true
      state.changes.append(.unreachable(error))
      return true
    }
    if isNew { _ = context.fail("stream", path, error) }
  }

  /// 0.2 s at first, doubled each time up to 10 s, and less by up to a half, so that many mounts do not come back at
  /// once. Whoever was refused for want of a right waits for a new login.
  private static func pause(after error: BerayError?, _ failures: Int) -> Duration {
    if error?.code == .authentication { return .seconds(10) }
    let seconds = min(10, 0.2 * Double(1 << min(failures, 6)))
    return .seconds(seconds * Double.random(in: 0.5...1))
  }
}
