import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// The last failures of a mount, for `.beray/errors`.
final class FailureLog: Sendable {
  private struct State {
    var list = FailureList()
    var modified: Timestamp
  }

  private let state: Mutex<State>

  init(time: TimeSource) {
    state = Mutex(State(modified: time.now()))
  }

  func append(_ failure: Failure) {
    state.withLock { state in
      state.list.append(failure)
      state.modified = failure.time
    }
  }

  /// All lines, newest last, and when the newest came.
  var text: (text: String, modified: Timestamp) {
    state.withLock { ($0.list.text, $0.modified) }
  }
}

/// The last ``capacity`` failures. Repetitions are counted in one line, so that a tool that fails a hundred times
/// pushes nothing out.
struct FailureList: Sendable {
  static let capacity = 100
  /// How many paths of one kind of failure have a line of their own.
  static let pathsOfAKind = 5

  /// What failures have in common that differ by their path alone.
  private struct Kind: Hashable {
    var operation: String
    var errno: Errno
    var status: Int?
    var detail: String
    var advice: String

    init(_ failure: Failure) {
      operation = failure.operation
      errno = failure.errno
      status = failure.status
      detail = failure.detail
      advice = failure.advice
    }
  }

  private struct Line {
    var failure: Failure
    let kind: Kind
    var repeats = Repeats()
    /// The others of the kind that have no line any more.
    var folded = Repeats()
  }

  /// How often something came before the line that tells of it.
  private struct Repeats {
    var count = 0
    var since: Timestamp?

    mutating func add(_ failure: Failure, _ earlier: Repeats = Repeats()) {
      count += 1 + earlier.count
      since = [since, earlier.since, failure.time].compactMap { $0 }.min()
    }
  }

  private var lines: [Line] = []

  mutating func append(_ failure: Failure) {
    var line = Line(failure: failure, kind: Kind(failure))
    if let index = lines.lastIndex(where: { $0.kind == line.kind && $0.failure.path == failure.path }) {
      let known = lines.remove(at: index)
      line.repeats = known.repeats
      line.repeats.add(known.failure)
      line.folded = known.folded
    }
    let kind = lines.indices.filter { lines[$0].kind == line.kind }
    // The newest line of a kind tells of those that have none.
    if let newest = kind.last, lines[newest].folded.count > 0 {
      line.folded = lines[newest].folded
      lines[newest].folded = Repeats()
    }
    if kind.count >= Self.pathsOfAKind {
      let oldest = lines.remove(at: kind[0])
      line.folded.add(oldest.failure, oldest.repeats)
    }
    if lines.count == Self.capacity { lines.removeFirst() }
    lines.append(line)
  }

  var text: String { lines.map(Self.text).joined() }

  private static func text(_ line: Line) -> String {
    var failure = line.failure
    // Cut here, because some servers answer with a whole page, and many of them stay in memory.
    failure.detail = failure.detail.prefixed(500)
    if line.repeats.count > 0 { failure.detail += " (\(line.repeats.count + 1) times\(since(line.repeats)))" }
    if line.folded.count > 0 {
      failure.detail += " (and \(line.folded.count) more like it for other paths\(since(line.folded)))"
    }
    return failure.line
  }

  private static func since(_ repeats: Repeats) -> String {
    repeats.since.map { " since \(UTCTime($0).iso8601(fractionDigits: 0))" } ?? ""
  }
}

extension String {
  fileprivate func prefixed(_ length: Int) -> String {
    unicodeScalars.count > length ? String(String.UnicodeScalarView(unicodeScalars.prefix(length))) + "…" : self
  }
}
