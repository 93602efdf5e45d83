import Beray
import BerayAPI
import Testing

@testable import BerayFS

@Suite struct StreamAlignmentTests {
  /// A log and a stream that is aligned with it.
  private struct Bench {
    var log: [String]
    var alignment: StreamAlignment<String>
    var number = 0

    init(_ log: String) {
      self.log = log.map { String($0) }
      alignment = StreamAlignment(end: self.log.count)
    }

    var identities: [EventIdentity] { log.map(Self.identity) }
    static func identity(_ text: String) -> EventIdentity {
      EventIdentity(contentOf: TaskEvent(text: text, raw: .null))
    }

    /// Gives a letter to the stream: an event, or in upper case a remark.
    mutating func receive(_ letters: String) -> String {
      var out = ""
      for letter in letters.map({ String($0) }) {
        number += 1
        let new =
          letter == letter.uppercased()
          ? alignment.receive(remark: letter, number: number, log: identities)
          : alignment.receive(Self.identity(letter), letter, number: number, log: identities)
        out += append(new)
      }
      return out
    }

    mutating func grow(_ letters: String, covered: Int?) -> String {
      let end = log.count
      log += letters.map { String($0) }
      return append(alignment.grow(from: end, log: identities, covered: covered))
    }

    private mutating func append(_ new: [String]) -> String {
      log += new.filter { $0 != $0.uppercased() }
      return new.joined()
    }
  }

  @Test func whatIsNowhereInTheLogIsNewAtOnce() {
    var bench = Bench("abc")
    #expect(bench.receive("x") == "x")
    #expect(bench.alignment.isLive(log: bench.identities))
    #expect(bench.receive("abc") == "abc", "whoever is live repeats nothing")
  }

  @Test func aReplayFromTheStartOrTheMiddleIsOld() {
    for (replay, next) in [("abc", "d"), ("bc", "d"), ("c", "d")] {
      var bench = Bench("abc")
      #expect(bench.receive(replay) == "")
      #expect(bench.grow("", covered: bench.number) == "")
      #expect(!bench.alignment.isUndecided)
      #expect(bench.receive(next) == "d")
    }
  }

  @Test func theGrownLogDecides() {
    var repeated = Bench("ab")
    #expect(repeated.receive("b") == "")
    #expect(repeated.alignment.isUndecided)
    #expect(repeated.grow("b", covered: 1) == "")
    #expect(!repeated.alignment.isUndecided)
    #expect(repeated.receive("c") == "c")

    var replayed = Bench("ab")
    #expect(replayed.receive("bc") == "")
    #expect(replayed.grow("c", covered: 2) == "")
    #expect(replayed.receive("d") == "d")
  }

  @Test func whatTheListHasFirstIsOldOnTheStream() {
    var bench = Bench("a")
    #expect(bench.receive("x") == "x")
    #expect(bench.grow("yz", covered: 1) == "")
    #expect(bench.receive("yz") == "")
    #expect(bench.receive("w") == "w")
  }

  @Test func aStreamThatFitsNowhereIsNew() {
    var bench = Bench("a")
    #expect(bench.receive("x") == "x")
    #expect(bench.grow("yz", covered: 1) == "")
    #expect(bench.receive("q") == "q")
    #expect(bench.receive("r") == "r")
  }

  @Test func forcedEventsAreRepeatedRatherThanLost() {
    var bench = Bench("ab")
    #expect(bench.receive("ab") == "")
    let forced = bench.alignment.force(end: 2)
    #expect(forced == ["a", "b"])
    #expect(!bench.alignment.isUndecided)
  }

  @Test func remarksComeOutAtTheirPlace() {
    var bench = Bench("ab")
    #expect(bench.receive("PaRb") == "")
    #expect(bench.grow("", covered: bench.number) == "")
    #expect(bench.receive("Qc") == "Qc", "what came behind the last old event is new")
    #expect(bench.receive("S") == "S")
    var quiet = Bench("a")
    #expect(quiet.receive("Rx") == "Rx")
  }

  @Test func aQuietStreamKeepsItsRemarksForTheList() {
    var bench = Bench("a")
    #expect(bench.receive("R") == "")
    #expect(!bench.alignment.isUndecided)
    #expect(bench.alignment.takeRemarks() == ["R"])
  }
}
