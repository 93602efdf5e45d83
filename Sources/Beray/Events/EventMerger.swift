package import BerayAPI

/// Merges a task's list of events and its stream into one sequence.
///
/// No event is missing and none appears twice, however often the connection drops. Events with ids are recognised by
/// them and keep their order of arrival. Events without ids are placed by the longest match with the known events
/// (``StreamAlignment``). If the place stays ambiguous, an event is repeated rather than lost.
package struct EventMerger: Sendable {
  private struct Closing {
    var time: UTCTime?
  }

  package private(set) var mark = Mark()
  /// The time of the newest event.
  package private(set) var newest: UTCTime?
  /// Whether the task has been fetched.
  package private(set) var hasList = false
  /// Whether the task has ended and its final status is the last event.
  package private(set) var isClosed = false
  /// The merged events that nobody has taken yet.
  private var written: [TaskEvent] = []
  /// How many events have been merged, taken or not.
  package private(set) var writtenCount = 0

  /// The merged events without the task's status events, which a stream may send at any point.
  private var known: [EventIdentity] = []
  private var knownIDs: Set<EventIdentity> = []
  private var shownStatuses: [EventIdentity: Int] = [:]
  private var firstStatus: TaskStatus
  private var lastStatus: TaskStatus
  private var lastLineIsStatus = false
  /// The content of the line that closed the log.
  private var closing: Closing?
  /// A final status, held back because it must be the last event.
  private var final: TaskEvent?
  /// The last list from the server without its status events, and how much of it was found in ``known``.
  private var listed: [EventIdentity] = []
  private var matched = (listed: 0, known: 0)
  private var givesList = true
  private var listGivesIDs: Bool?
  private var hasAnonymous = false
  /// The hashes of the server's written events and of its last list. They are equal if the list contains everything.
  private var writtenChain = EventChain()
  private var listedChain: EventChain?
  private var wasReopened = false

  /// The events of this connection, held until the list closes the gap in front of them. Nil once it is closed.
  private var waiting: [(event: TaskEvent, number: Int)]?
  private var alignment: StreamAlignment<TaskEvent>
  /// The alignment of the previous connection, as long as it holds events that only the next list can place.
  private var earlier: StreamAlignment<TaskEvent>?

  /// - Parameter status: the initial status. Only changes from it are written.
  package init(status: TaskStatus) {
    firstStatus = status
    lastStatus = status
    alignment = StreamAlignment(end: 0)
  }

  /// Sets the initial status if it was not known at creation.
  package mutating func begin(status: TaskStatus) {
    guard firstStatus.text.isEmpty, !hasList, writtenCount == 0 else { return }
    firstStatus = status
    lastStatus = status
  }

  /// Returns the events since the last call, in order.
  package mutating func takeWritten() -> [TaskEvent] {
    defer { written = [] }
    return written
  }

  /// The last status from an event, or the initial one.
  package var status: TaskStatus { final?.status ?? lastStatus }

  /// Whether events are held back until the list is fetched again.
  package var wantsList: Bool { alignment.isUndecided || earlier != nil }

  // MARK: The stream

  /// Begins a new stream.
  /// - Parameter isResumed: whether the stream continues after the known events, so that no event has to wait for the
  ///   list.
  package mutating func connect(isResumed: Bool) {
    // The next list will contain the events held for an earlier connection. Without lists, they are shown now.
    if var held = earlier, !givesList { show(held.force(end: known.count)) }
    if alignment.isUndecided { earlier = alignment }
    mark.connection += 1
    waiting = isResumed ? nil : []
    alignment = isResumed ? StreamAlignment(resumedAt: known.count) : StreamAlignment(end: known.count)
  }

  package mutating func receive(_ update: TaskUpdate) {
    if update.task != nil, update.events.count > 1 {
      // A task with a list is a snapshot, not the next item of the stream.
      merge(list: ListedEvents(update.events))
      return
    }
    for var event in update.events {
      if event.id == nil, update.events.count == 1, listGivesIDs == true { event.id = update.lastEventID }
      receive(event)
    }
    // A task without events only reports its status. Its id and texts belong to the task, not to an event.
    if let status = update.status, update.events.isEmpty {
      receive(
        TaskEvent(
          type: "status", time: update.task?.updatedAt, status: status, raw: update.raw.removing(["events"])))
    }
  }

  private mutating func receive(_ event: TaskEvent) {
    mark.received += 1
    if waiting == nil { place(event, number: mark.received) } else { waiting?.append((event, mark.received)) }
  }

  private mutating func place(_ event: TaskEvent, number: Int) {
    let identity = EventIdentity(contentOf: event)
    if let id = event.id, listGivesIDs != false {
      let end = known.count
      if knownIDs.insert(EventIdentity(id: id, of: event)).inserted { append(event, identity) }
      alignment.skip(from: end, to: known.count)
    } else if event.isTaskStatus {
      show(alignment.receive(remark: event, number: number, log: known))
    } else {
      hasAnonymous = true
      show(alignment.receive(identity, event, number: number, log: known))
    }
  }

  /// Places the waiting events by what is known, because the list that would close the gap is not available.
  package mutating func stopWaiting() {
    guard let items = waiting else { return }
    waiting = nil
    alignment = StreamAlignment(end: known.count)
    for (event, number) in items { place(event, number: number) }
  }

  // MARK: The list

  /// Merges the answer to a request for the task.
  /// - Parameter asked: the ``mark`` at the time of the request.
  package mutating func merge(_ events: ListedEvents?, status: TaskStatus, asked: Mark) {
    hasList = true
    givesList = events != nil
    listedChain = events?.chain
    if let events { merge(list: events, covered: asked.received) }
    if asked.connection == mark.connection, var held = earlier {
      earlier = nil
      show(held.force(end: known.count))
    }
    if asked.connection == mark.connection, waiting != nil {
      stopWaiting()
      if events != nil { show(alignment.grow(from: known.count, log: known, covered: asked.received)) }
    }
    for event in alignment.takeRemarks() where event.status?.text == status.text { showChange(event) }
  }

  private mutating func merge(list: ListedEvents, covered: Int? = nil) {
    let end = known.count
    if !list.items.isEmpty { listGivesIDs = list.haveIDs }
    if listGivesIDs == true, !hasAnonymous {
      for item in list.items {
        if let key = item.key, knownIDs.insert(key).inserted { append(item.event, item.identity) }
      }
    } else {
      mergeByContent(list)
    }
    // The events of the earlier stream come before everything new, so they are placed first.
    if var held = earlier {
      let new = held.grow(from: end, log: known, covered: covered)
      earlier = held.isUndecided ? held : nil
      alignment.skip(from: end, to: known.count)
      show(new)
    } else if waiting == nil {
      show(alignment.grow(from: end, log: known, covered: covered))
    }
  }

  private mutating func mergeByContent(_ list: ListedEvents) {
    let identities = list.items.filter { !$0.event.isTaskStatus }.map(\.identity)
    var new = identities.count
    if identities.starts(with: listed) {
      new = matchOn(identities)
      listed = identities
    } else if !listed.starts(with: identities) {
      // The server has dropped the start of its list, or has changed an event in it.
      new = EventIdentity.overlap(endOf: known, startOf: identities)
      if new == 0 {
        matched = (0, 0)
        new = matchOn(identities)
      }
      listed = identities
      matched = (identities.count, known.count + identities.count - new)
    }
    let shown = shownStatuses
    var passedStatuses: [EventIdentity: Int] = [:]
    var passed = 0
    for item in list.items {
      let (event, identity) = (item.event, item.identity)
      if let key = item.key { knownIDs.insert(key) }
      if event.isTaskStatus {
        passedStatuses[identity, default: 0] += 1
        if passedStatuses[identity, default: 0] > shown[identity, default: 0] { append(event, identity) }
      } else {
        passed += 1
        if passed > new { append(event, identity) }
      }
    }
  }

  /// Matches `list` against ``known`` in order, continuing where the last search ended.
  /// - Returns: how many events of `list` are known; the rest are new.
  private mutating func matchOn(_ list: [EventIdentity]) -> Int {
    var (next, place) = matched
    while next < list.count {
      guard let found = known[place...].firstIndex(of: list[next]) else { break }
      place = found + 1
      next += 1
    }
    matched = next == list.count ? (next, place) : (list.count, known.count + list.count - next)
    return next
  }

  // MARK: Lines

  /// Closes the log with a line for the final status, unless it is closed already.
  package mutating func close(status: TaskStatus, at time: UTCTime?) {
    guard !isClosed else { return }
    show(alignment.force(end: known.count))
    let told = final
    final = nil
    if let told { write(told) }
    if !lastLineIsStatus || !lastStatus.isSame(as: status) {
      // A line that was shown keeps its time, even if the server reports another one later.
      let time = if let closed = closing { closed.time } else { time }
      closing = Closing(time: time)
      var members = [JSON.Member("type", .string("status")), JSON.Member("status", .string(status.text))]
      if let time { members.append(JSON.Member("updated_at", .string(time.iso8601(fractionDigits: 9)))) }
      write(TaskEvent(type: "status", time: time, status: status, raw: .object(members)), isTold: false)
    }
    isClosed = true
  }

  /// Reopens the log, because the task continues after its end.
  package mutating func reopen() {
    isClosed = false
    closing = nil
    // The server's list does not contain the end that was shown.
    wasReopened = true
  }

  // MARK: Memory

  /// The approximate memory use in bytes.
  package var weight: Int64 { Int64(known.count * 3 * MemoryLayout<EventIdentity>.stride) }

  /// Whether fetching the list again gives the same sequence, so that this one can be discarded to save memory.
  package var isReproducible: Bool { isClosed && givesList && !wasReopened && writtenChain == listedChain }

  /// A copy without its events. Fetching the list again restores them.
  package func emptied() -> EventMerger {
    var merger = EventMerger(status: firstStatus)
    merger.closing = closing
    return merger
  }

  private mutating func show(_ events: [TaskEvent]) {
    for event in events {
      if event.isTaskStatus { showChange(event) } else { append(event, EventIdentity(contentOf: event)) }
    }
  }

  /// Writes a status event from the stream if it changes the status, or carries a new text or time.
  private mutating func showChange(_ event: TaskEvent) {
    guard let status = event.status else { return }
    let identity = EventIdentity(contentOf: event)
    let isTold = status.isSame(as: final?.status ?? lastStatus)
    let saysMore = (event.text != nil || event.time != nil) && shownStatuses[identity] == nil
    if !isTold || (saysMore && final == nil && !isClosed) || (status.isFinished && final == nil && !isClosed) {
      append(event, identity)
    }
  }

  private mutating func append(_ event: TaskEvent, _ identity: EventIdentity) {
    if event.isTaskStatus { shownStatuses[identity, default: 0] += 1 } else { known.append(identity) }
    guard event.isTaskStatus, event.status?.isFinished == true, !isClosed else { return write(event) }
    if let earlier = final { write(earlier) }
    final = event
  }

  /// - Parameter isTold: whether the server sent the event.
  private mutating func write(_ event: TaskEvent, isTold: Bool = true) {
    if isTold { writtenChain.append(event) }
    written.append(event)
    writtenCount += 1
    lastLineIsStatus = event.isTaskStatus
    if event.isTaskStatus, let status = event.status { lastStatus = status }
    if let time = event.time, newest.map({ $0 < time }) ?? true { newest = time }
  }
}
