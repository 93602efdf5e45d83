/// Finds out where in a log the events of a stream belong that carry no ids.
///
/// A new stream may repeat the whole log first, or a part of its end, or nothing, and events may be equal. So every
/// place is kept where the stream can have begun, as long as what came fits the log from there on. An event that is old
/// from every place is left out, one that is new from every place is handed on, and one on which they differ is held
/// until a later event, or the log as it is fetched meanwhile, decides. If nothing can decide, events are handed on:
/// repeated rather than lost.
package struct StreamAlignment<Payload: Sendable>: Sendable {
  /// How far before the end of the log a stream may begin, besides at its start.
  package static var depth: Int { 4096 }

  /// A place where the stream can stand.
  private struct Candidate {
    /// The place in the log of the next event.
    var next: Int
    /// How many of the held events, from the last back, are new if this is the place. If there are any, `next` is the
    /// log's end.
    var fresh = 0
  }

  private struct Held {
    /// Nil for a remark, which has no place in the log, such as a change of status.
    var identity: EventIdentity?
    var payload: Payload
    /// The number of this item among all of the stream.
    var number: Int
  }

  private var candidates: [Candidate]
  private var held: [Held] = []
  /// How many of ``held`` are events.
  private var heldEvents = 0

  /// - Parameter end: the length of the log that the stream's start is known to be within.
  package init(end: Int) {
    let tail = max(0, end - Self.depth)...end
    candidates = (tail.lowerBound > 0 ? [Candidate(next: 0)] : []) + tail.map { Candidate(next: $0) }
  }

  /// A stream that goes on where the log ends.
  package init(resumedAt end: Int) { candidates = [Candidate(next: end)] }

  /// Whether events are held that the log, fetched again, could decide on.
  package var isUndecided: Bool { heldEvents > 0 }

  /// Whether the stream has caught up, so that whatever comes is new.
  package func isLive(log: [EventIdentity]) -> Bool {
    held.isEmpty && candidates.count == 1 && candidates[0].next == log.count
  }

  /// Takes the next event of the stream. What is returned is new and is to be appended to the log, in this order.
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

  /// Takes a remark, which comes out at its place among the events, if it is new.
  package mutating func receive(remark payload: Payload, number: Int, log: [EventIdentity]) -> [Payload] {
    if isLive(log: log) { return [payload] }
    held.append(Held(identity: nil, payload: payload, number: number))
    return []
  }

  /// Something else than this stream has appended to the log from `oldEnd` on: the task was fetched.
  /// - Parameter covered: the number of items of the stream that came before that was asked for: all of them are in the
  ///   log, so a place from which one of them is still new is a wrong one. Nil if the log cannot tell.
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

  /// Something that no place of this stream tells of was appended to the log, which was `oldEnd` long.
  package mutating func skip(from oldEnd: Int, to end: Int) {
    for index in candidates.indices where candidates[index].next == oldEnd { candidates[index].next = end }
  }

  /// Ends the waiting for a decision: hands on all that can be new.
  package mutating func force(end: Int) -> [Payload] {
    guard let best = candidates.max(by: { $0.fresh < $1.fresh }) else { return [] }
    if best.fresh > 0 { candidates = [best] }
    return decide(end: end)
  }

  /// The remarks that came after every event, taken out of the wait.
  package mutating func takeRemarks() -> [Payload] {
    let start = held.lastIndex { $0.identity != nil }.map { $0 + 1 } ?? 0
    defer { held.removeSubrange(start...) }
    return held[start...].map(\.payload)
  }

  private mutating func decide(end: Int) -> [Payload] {
    guard let most = candidates.map(\.fresh).max(), let least = candidates.map(\.fresh).min() else {
      // The stream fits nowhere: it is no part of this log, and all of it counts as new.
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

  /// Drops held items that are old from every place: all up to the last such event. What was remarked after it may be
  /// new.
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
