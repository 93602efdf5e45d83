package import BerayAPI

/// Makes one sequence of what is known of a task's events: from the list that the server gives, and from its stream.
///
/// No event is missing and none stands twice, whatever the connection did. Events with ids are told apart by them and
/// stand in the order in which they came. Events without ids are placed by the longest match with what is known
/// (``StreamAlignment``). If nothing can decide, an event is repeated rather than lost.
package struct EventMerger: Sendable {
  private struct Closing {
    var time: UTCTime?
  }

  package private(set) var mark = Mark()
  /// When the newest event was.
  package private(set) var newest: UTCTime?
  /// Whether the list of events was fetched.
  package private(set) var hasList = false
  /// Whether the task has ended and its final status is the last event.
  package private(set) var isClosed = false
  /// The events in their order that nobody has taken yet.
  private var written: [TaskEvent] = []
  /// How many events there are so far, taken or not.
  package private(set) var writtenCount = 0

  /// The events in their order, those without the status of the task, which a stream may tell at any place.
  private var known: [EventIdentity] = []
  private var knownIDs: Set<EventIdentity> = []
  private var shownStatuses: [EventIdentity: Int] = [:]
  private var firstStatus: TaskStatus
  private var lastStatus: TaskStatus
  private var lastLineIsStatus = false
  /// What the line says that closed the log.
  private var closing: Closing?
  /// A final status that waits for its place at the end.
  private var final: TaskEvent?
  /// The list as the server gave it last, without the status of the task, and how much of it is found in ``known``.
  private var listed: [EventIdentity] = []
  private var matched = (listed: 0, known: 0)
  private var givesList = true
  private var listGivesIDs: Bool?
  private var hasAnonymous = false
  /// All that was written, the line of an end that only the task's status told aside, and all that the last list told.
  private var writtenChain = EventChain()
  private var listedChain: EventChain?
  private var wasReopened = false

  /// What came of this connection before the list that closes the gap; nil once it is closed.
  private var waiting: [(event: TaskEvent, number: Int)]?
  private var alignment: StreamAlignment<TaskEvent>
  /// The alignment of the connection before, while it holds what only the next list can decide on.
  private var earlier: StreamAlignment<TaskEvent>?

  /// - Parameter status: what is known of the task at the start: a line stands only for a change from it.
  package init(status: TaskStatus) {
    firstStatus = status
    lastStatus = status
    alignment = StreamAlignment(end: 0)
  }

  /// The status of the task at the start, if it becomes known only now.
  package mutating func begin(status: TaskStatus) {
    guard firstStatus.text.isEmpty, !hasList, writtenCount == 0 else { return }
    firstStatus = status
    lastStatus = status
  }

  /// The events since the last call, in their order.
  package mutating func takeWritten() -> [TaskEvent] {
    defer { written = [] }
    return written
  }

  /// The last status that the events told, or that was known at the start.
  package var status: TaskStatus { final?.status ?? lastStatus }

  /// Whether something is held back until the list of events is fetched again.
  package var wantsList: Bool { alignment.isUndecided || earlier != nil }

  // MARK: The stream

  /// A stream was opened.
  /// - Parameter isResumed: it goes on behind what is known, so that nothing has to wait for the list.
  package mutating func connect(isResumed: Bool) {
    // If the server gives lists, the next one has what an earlier connection held. If not, it is shown now.
    if var held = earlier, !givesList { show(held.force(end: known.count)) }
    if alignment.isUndecided { earlier = alignment }
    mark.connection += 1
    waiting = isResumed ? nil : []
    alignment = isResumed ? StreamAlignment(resumedAt: known.count) : StreamAlignment(end: known.count)
  }

  package mutating func receive(_ update: TaskUpdate) {
    if update.task != nil, update.events.count > 1 {
      // A list within a task is no step of the stream.
      merge(list: ListedEvents(update.events))
      return
    }
    for var event in update.events {
      if event.id == nil, update.events.count == 1, listGivesIDs == true { event.id = update.lastEventID }
      receive(event)
    }
    // A task that carries no events tells its status, and has an id and texts of its own.
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

  /// The list that was to close the gap cannot be had: what waits for it is placed by what is known.
  package mutating func stopWaiting() {
    guard let items = waiting else { return }
    waiting = nil
    alignment = StreamAlignment(end: known.count)
    for (event, number) in items { place(event, number: number) }
  }

  // MARK: The list

  /// Takes the answer to a request for the task.
  /// - Parameter asked: the ``mark`` of the moment when the request was made.
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
    // The earlier stream's events stand before all that comes, so they are settled first.
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
      // The server no longer tells the start of its list, or has changed an event of it.
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

  /// Finds as much of `list` as stands in ``known`` in its order, from where the last search ended.
  /// - Returns: how much of it; the rest is new.
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

  /// The task has ended with `status`: its line becomes the last, once.
  package mutating func close(status: TaskStatus, at time: UTCTime?) {
    guard !isClosed else { return }
    show(alignment.force(end: known.count))
    let told = final
    final = nil
    if let told { write(told) }
    if !lastLineIsStatus || !lastStatus.isSame(as: status) {
      // A line that was shown stays as it is, whatever time the server tells later.
      let time = if let closed = closing { closed.time } else { time }
      closing = Closing(time: time)
      var members = [JSON.Member("type", .string("status")), JSON.Member("status", .string(status.text))]
      if let time { members.append(JSON.Member("updated_at", .string(time.iso8601(fractionDigits: 9)))) }
      write(TaskEvent(type: "status", time: time, status: status, raw: .object(members)), isTold: false)
    }
    isClosed = true
  }

  /// The task goes on after all.
  package mutating func reopen() {
    isClosed = false
    closing = nil
    // Fetched again, it would not have the end that it has shown.
    wasReopened = true
  }

  // MARK: Memory

  /// About how many bytes of memory it takes.
  package var weight: Int64 { Int64(known.count * 3 * MemoryLayout<EventIdentity>.stride) }

  /// Whether the server's list, fetched again, gives the same sequence: it holds all that a stream has told.
  package var isReproducible: Bool { isClosed && givesList && !wasReopened && writtenChain == listedChain }

  /// The sequence before anything was known of it. Once the list is fetched again it is the same.
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

  /// A status that only the stream tells becomes a line if it is a change, or says more than the status.
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

  /// - Parameter isTold: whether the server told the event.
  private mutating func write(_ event: TaskEvent, isTold: Bool = true) {
    if isTold { writtenChain.append(event) }
    written.append(event)
    writtenCount += 1
    lastLineIsStatus = event.isTaskStatus
    if event.isTaskStatus, let status = event.status { lastStatus = status }
    if let time = event.time, newest.map({ $0 < time }) ?? true { newest = time }
  }
}
