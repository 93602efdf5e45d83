/// Finds the place in a log where a stream of events without ids begins.
///
/// A new stream may repeat the whole log, a part of its end, or nothing, and two events may be equal. So the alignment
/// keeps every candidate place that fits the events so far. An event that is old for all candidates is dropped. An
/// event that is new for all of them is returned. Any other event is held until a later event or a newly fetched log
/// decides. If the place stays ambiguous, events are repeated rather than lost.
package struct StreamAlignment<Payload: Sendable>: Sendable {
  /// How far before the end of the log a stream may begin. It may always begin at the start of the log.
  package static var depth: Int { 4096 }

  /// A possible position of the stream in the log.
  private struct Candidate {
    /// The index in the log of the next event.
    var next: Int
    /// How many of the held events, counted from the last, are new for this candidate. If there are any, `next` is the
    /// end of the log.
    var fresh = 0
  }

  private struct Held {
    /// Nil for a remark: an item without a place in the log, such as a change of status.
    var identity: EventIdentity?
    var payload: Payload
    /// The number of this item in the stream.
    var number: Int
  }

  private var candidates: [Candidate]
  private var held: [Held] = []
  /// How many of ``held`` are events.
  private var heldEvents = 0

  /// - Parameter end: the length of the log. The stream begins at or before its end.
  package init(end: Int) {
    let tail = max(0, end - Self.depth)...end
    candidates = (tail.lowerBound > 0 ? [Candidate(next: 0)] : []) + tail.map { Candidate(next: $0) }
  }

  /// Creates an alignment for a stream that continues at the end of the log.
  package init(resumedAt end: Int) { candidates = [Candidate(next: end)] }

  /// Whether events are held that a newly fetched log could place.
  package var isUndecided: Bool { heldEvents > 0 }

  /// Whether the stream has caught up with the log, so that every further event is new.
  package func isLive(log: [EventIdentity]) -> Bool {
    held.isEmpty && candidates.count == 1 && candidates[0].next == log.count
  }

  /// Takes the next event of the stream.
  /// - Returns: the new events, to be appended to the log in this order.
  package mutating func receive(
    _ identity: EventIdentity, _ payload: Payload, number: Int, log: [EventIdentity]
  ) -> [Payload] {
    candidates = candidates.compactMap { candidate in
      var candidate = candidate
      if candidate.next == log.count {
        candidate.fresh += 1
      } else if log[candidate.next] == identity {
        candidate.next += 1
      } else {
        return nil
      }
      return candidate
    }
    held.append(Held(identity: identity, payload: payload, number: number))
    heldEvents += 1
    return decide(end: log.count)
  }

  /// Takes a remark. It is returned at its place among the events if it is new.
  package mutating func receive(remark payload: Payload, number: Int, log: [EventIdentity]) -> [Payload] {
    if isLive(log: log) { return [payload] }
    held.append(Held(identity: nil, payload: payload, number: number))
    return []
  }

  /// Compares the candidates with events that a fetched list, not this stream, appended to the log after `oldEnd`.
  /// - Parameter covered: the number of stream items that arrived before the list was requested; nil if unknown. The
  ///   log contains all of them, so a candidate for which one of them is still new is wrong.
  package mutating func grow(from oldEnd: Int, log: [EventIdentity], covered: Int?) -> [Payload] {
    let events = held.filter { $0.identity != nil }
    candidates = candidates.compactMap { candidate in
      guard candidate.next == oldEnd else { return candidate }
      var candidate = candidate
      let matched = min(candidate.fresh, log.count - oldEnd)
      let fresh = events.suffix(candidate.fresh).prefix(matched)
      for (offset, event) in fresh.enumerated() where event.identity != log[oldEnd + offset] { return nil }
      candidate.next += matched
      candidate.fresh -= matched
      return candidate
    }
    if let covered {
      let fitting = candidates.filter { candidate in
        !events.suffix(candidate.fresh).contains { $0.number <= covered }
      }
      if !fitting.isEmpty { candidates = fitting }
    }
    return decide(end: log.count)
  }

  /// Moves candidates at `oldEnd` past events that were appended to the log but will not come on this stream.
  package mutating func skip(from oldEnd: Int, to end: Int) {
    for index in candidates.indices where candidates[index].next == oldEnd { candidates[index].next = end }
  }

  /// Stops waiting for a decision and returns every event that may be new.
  package mutating func force(end: Int) -> [Payload] {
    guard let best = candidates.max(by: { $0.fresh < $1.fresh }) else { return [] }
    if best.fresh > 0 { candidates = [best] }
    return decide(end: end)
  }

  /// Removes and returns the remarks that came after the last held event.
  package mutating func takeRemarks() -> [Payload] {
    let start = held.lastIndex { $0.identity != nil }.map { $0 + 1 } ?? 0
    defer { held.removeSubrange(start...) }
    return held[start...].map(\.payload)
  }

  private mutating func decide(end: Int) -> [Payload] {
    guard let most = candidates.map(\.fresh).max(), let least = candidates.map(\.fresh).min() else {
      // The stream fits nowhere in the log, so all of it counts as new.
      defer { restart(after: end) }
      return held.map(\.payload)
    }
    dropOld(keeping: most)
    guard most == least, most > 0 else { return [] }
    defer { restart(after: end) }
    return held.map(\.payload)
  }

  private mutating func restart(after end: Int) {
    candidates = [Candidate(next: end + heldEvents)]
    held = []
    heldEvents = 0
  }

  /// Drops the held items up to the last event that is old for all candidates. Remarks after it may be new.
  private mutating func dropOld(keeping fresh: Int) {
    guard heldEvents > fresh else { return }
    var start = 0
    while heldEvents > fresh {
      if held[start].identity != nil { heldEvents -= 1 }
      start += 1
    }
    held.removeSubrange(..<start)
  }
}
