import Beray
import BerayAPI
import Testing

@testable import BerayFS

/// A true log, a server that streams it with drops, replays and reconnects and lists it at any moment, and what becomes
/// of it.
@Suite struct EventLogRandomTests {
  private static let seeds = UInt64(0)..<300

  private struct Server {
    var truth: [JSON] = []
    /// The next event that the stream gives; nil where none is open.
    var cursor: Int?
    /// A list on its way: what it says, and when it was asked for.
    var answer: (list: [JSON], asked: EventLog.Mark)?
  }

  /// - Parameter refuses: the server fails to tell its list until the end.
  private func run(seed: UInt64, distinct: Bool, ids: Bool = false, refuses: Bool = false) -> (
    truth: [String], shown: [String]
  ) {
    var random = SeededGenerator(seed)
    var server = Server()
    var log = EventLog(status: TaskStatus("RUNNING"))
    var shownBefore: [UInt8] = []
    let alphabet = Int.random(in: 1...4, using: &random)
    for step in 0..<Int.random(in: 10...120, using: &random) {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<4:
        let text = distinct ? "event\(step)" : "event\(Int.random(in: 0..<alphabet, using: &random))"
        server.truth.append(event(text, id: ids ? step : nil))
      case 4..<8:
        guard let cursor = server.cursor, cursor < server.truth.count else { break }
        log.receive(server.truth[cursor])
        server.cursor = cursor + 1
      case 8:
        if let answer = server.answer {
          if refuses { log.stopWaiting() } else { log.merge(answer.list, asked: answer.asked) }
          server.answer = nil
        } else {
          server.answer = (server.truth, log.mark)
        }
      default:
        // The connection breaks; the next one starts with everything, a part, or nothing.
        let count = server.truth.count
        server.cursor = [0, count, Int.random(in: 0...count, using: &random)].randomElement(using: &random)
        log.connect(isResumed: false)
      }
      let shown = Array(log.read(.json, offset: 0, count: .max))
      if shown.count < shownBefore.count || !shown.starts(with: shownBefore) {
        Issue.record("seed \(seed): a line that was shown has changed")
      }
      shownBefore = shown
    }
    log.merge(server.truth, "COMPLETED")
    log.close(status: TaskStatus("COMPLETED"), at: nil)
    return (server.truth.map { $0.serialized() }, Array(log.jsonLines.dropLast()))
  }

  @Test(arguments: [false, true])
  func nothingIsLostOrOutOfOrder(refuses: Bool) {
    for seed in Self.seeds {
      let (truth, shown) = run(seed: seed, distinct: false, refuses: refuses)
      var rest = truth[...]
      for line in shown where line == rest.first { rest = rest.dropFirst() }
      if !rest.isEmpty { Issue.record("seed \(seed): lost \(Array(rest)) of \(truth), shown \(shown)") }
    }
  }

  /// Events are distinct by their text, or by their ids although their texts are equal.
  @Test(arguments: [false, true])
  func distinctEventsStandExactlyOnce(ids: Bool) {
    for seed in Self.seeds {
      let (truth, shown) = run(seed: seed, distinct: !ids, ids: ids)
      guard shown == truth else {
        Issue.record("seed \(seed): \(shown) is not \(truth)")
        return
      }
    }
  }
}
