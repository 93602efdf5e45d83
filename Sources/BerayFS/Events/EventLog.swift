import Beray
import BerayAPI

/// All that is known of a task's events, as bytes that only grow.
///
/// ``Beray/EventMerger`` tells which events there are and in which order; here they become lines.
struct EventLog: Sendable {
  typealias Mark = EventMerger.Mark

  private var merger: EventMerger
  /// What the events tell of the outcome.
  private(set) var answer = TaskAnswer()
  private var json = ByteLog()
  private var text = ByteLog()
  /// The sizes of a log that was forgotten, and that it will have again once it is fetched.
  private var remembered: (json: Int64, text: Int64)?

  /// - Parameter status: what is known of the task at the start: a line stands only for a change from it.
  init(status: TaskStatus) { merger = EventMerger(status: status) }

  var mark: Mark { merger.mark }
  var newest: UTCTime? { merger.newest }
  var hasList: Bool { merger.hasList }
  var isClosed: Bool { merger.isClosed }
  var status: TaskStatus { merger.status }
  var wantsList: Bool { merger.wantsList }

  /// Whether the sizes are known though the log is not.
  var remembersSizes: Bool { !hasList && remembered != nil }

  func size(of rendering: Rendering) -> Int64 {
    if remembersSizes, let remembered { return rendering == .json ? remembered.json : remembered.text }
    return rendering == .json ? json.count : text.count
  }

  func read(_ rendering: Rendering, offset: Int64, count: Int) -> ArraySlice<UInt8> {
    rendering == .json ? json.read(offset: offset, count: count) : text.read(offset: offset, count: count)
  }

  mutating func connect(isResumed: Bool) { change { $0.connect(isResumed: isResumed) } }
  mutating func receive(_ update: TaskUpdate) { change { $0.receive(update) } }
  mutating func stopWaiting() { change { $0.stopWaiting() } }
  mutating func reopen() { merger.reopen() }

  mutating func merge(_ events: ListedEvents?, status: TaskStatus, asked: Mark) {
    change { $0.merge(events, status: status, asked: asked) }
  }

  /// The task has ended with `status`: its line becomes the last, once.
  mutating func close(status: TaskStatus, at time: UTCTime?) { change { $0.close(status: status, at: time) } }

  private mutating func change(_ body: (inout EventMerger) -> Void) {
    body(&merger)
    for event in merger.takeWritten() {
      answer.take(event)
      json.append(event.line(.json))
      text.append(event.line(.text))
    }
  }

  /// About how many bytes of memory it takes.
  var weight: Int64 { json.count + text.count + merger.weight }
  /// Whether the server's list, fetched again, gives the same log.
  var isReproducible: Bool { merger.isReproducible }

  /// Forgets everything. The same list makes the same log again.
  func emptied() -> EventLog {
    var log = self
    log.merger = merger.emptied()
    log.remembered = (json.count, text.count)
    log.json = ByteLog()
    log.text = ByteLog()
    return log
  }
}
