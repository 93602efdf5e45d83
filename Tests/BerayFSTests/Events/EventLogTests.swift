import Beray
import BerayAPI
import Testing

@testable import BerayFS

@Suite struct EventLogTests {
  private func makeLog(_ status: String = "PENDING") -> EventLog { EventLog(status: TaskStatus(status)) }

  @Test func aListIsShownInItsOrder() {
    var log = makeLog()
    log.merge([event("a"), event("b")])
    #expect(log.lines == ["a", "b"])
    #expect(log.jsonLines == [#"{"type":"log","text":"a"}"#, #"{"type":"log","text":"b"}"#])
    log.merge([event("a"), event("b"), event("c")])
    #expect(log.lines == ["a", "b", "c"])
  }

  @Test func aLineHasTimeTypeAndText() {
    let at = JSON.object([
      .init("type", .string("tool")), .init("time", .string("2026-01-02T03:04:05.678901Z")),
      .init("text", .string("x")),
    ])
    #expect(
      String(decoding: TaskEvent(json: at).line(.text), as: UTF8.self) == "2026-01-02T03:04:05.678Z  tool      x\n")
    let without = String(decoding: TaskEvent(json: event("x")).line(.text), as: UTF8.self)
    #expect(without == "-                         log       x\n")
  }

  @Test func controlsAreVisibleAndAnEventIsOneLine() {
    let line = String(decoding: TaskEvent(json: event("a\nb\u{1b}[31m\u{9b}c")).line(.text), as: UTF8.self)
    #expect(line.hasSuffix("  a\\nb\\x1b[31m\\x9bc\n"))
    #expect(line.filter { $0 == "\n" }.count == 1)
  }

  @Test func anEventWithNoTextShowsItsObject() {
    let json = JSON.object([.init("type", .string("tool")), .init("args", .array([.number("1")]))])
    let line = String(decoding: TaskEvent(json: json).line(.text), as: UTF8.self)
    #expect(line.hasSuffix(#"{"type":"tool","args":[1]}"# + "\n"))
  }

  /// The commonest stream of a FastAPI service, whose list holds what its envelopes hold.
  @Test(arguments: ["event", "message", "update", "task_update"], ["data", "payload", "event"])
  func anEnvelopeAndTheListTellOfOneEvent(type: String, wrapper: String) {
    var listed: [JSON] = []
    func add(_ text: String) -> JSON {
      let id = listed.count + 1
      let inner: JSON = [
        "id": JSON(id), "event_type": "message", "content": .string(text),
        "created_at": .string("2026-01-02T03:04:0\(id)Z"),
      ]
      listed.append(inner)
      return .object([.init("type", .string(type)), .init(wrapper, inner)])
    }
    var log = makeLog("RUNNING")
    log.connect(isResumed: false)
    log.merge([])
    log.receive(add("a"), id: "1")
    log.receive(add("b"), id: "2")
    log.connect(isResumed: false)
    log.merge(listed)
    for json in listed { log.receive(.object([.init("type", .string(type)), .init(wrapper, json)])) }
    log.receive(add("c"), id: "3")
    #expect(log.lines == ["a", "b", "c"])
    #expect(log.jsonLines == listed.map { $0.serialized() })
    log.receive(["type": "status", "data": ["status": "COMPLETED"]])
    log.merge(listed, "COMPLETED")
    log.close(status: TaskStatus("COMPLETED"), at: nil)
    #expect(log.jsonLines.dropFirst(3) == [#"{"type":"status","status":"COMPLETED"}"#])
    var remounted = makeLog("COMPLETED")
    remounted.merge(listed, "COMPLETED")
    remounted.close(status: TaskStatus("COMPLETED"), at: nil)
    #expect(remounted.jsonLines == log.jsonLines)
  }

  @Test func idsKeepAnEventFromStandingTwice() {
    var log = makeLog()
    log.merge([event("a", id: 1)])
    log.connect(isResumed: false)
    log.receive(event("a", id: 1))
    log.receive(event("b", id: 2))
    #expect(log.lines == ["a"])
    log.merge([event("a", id: 1), event("b", id: 2)])
    log.receive(event("c", id: 3))
    #expect(log.lines == ["a", "b", "c"])
  }

  @Test func whatIsNoIDLosesNothing() {
    var log = makeLog()
    log.merge([event("a", id: 7), event("b", id: 7)])
    #expect(log.lines == ["a", "b"])
  }

  @Test func aResumedStreamDoesNotWaitForTheList() {
    var log = makeLog()
    log.merge([event("a", id: 1)])
    log.connect(isResumed: true)
    log.receive(event("b", id: 2))
    #expect(log.lines == ["a", "b"])
  }

  @Test func aStreamWaitsForTheListThatClosesTheGap() {
    var log = makeLog()
    log.merge([event("a")])
    let early = log.mark
    log.connect(isResumed: false)
    log.receive(event("c"))
    log.merge([event("a")], asked: early)
    #expect(log.lines == ["a"], "a list that was asked for before the connection closes no gap")
    log.merge([event("a"), event("b")])
    #expect(log.lines == ["a", "b", "c"])
  }

  @Test func aStreamThatRepeatsEverythingAddsWhatIsNew() {
    var log = makeLog()
    log.connect(isResumed: false)
    log.merge([event("a"), event("b")])
    log.receive(event("a"))
    #expect(log.wantsList)
    log.merge([event("a"), event("b")])
    #expect(!log.wantsList)
    log.receive(event("b"))
    log.receive(event("c"))
    #expect(log.lines == ["a", "b", "c"])
  }

  @Test func anEqualEventIsHeldUntilTheListDecides() {
    var log = makeLog()
    log.connect(isResumed: false)
    log.merge([event("tick")])
    log.receive(event("tick"))
    #expect(log.lines == ["tick"])
    #expect(log.wantsList)
    log.merge([event("tick"), event("tick")])
    #expect(log.lines == ["tick", "tick"])
  }

  /// The order of seed 258 of the random tests.
  @Test func anAnswerFromBeforeTheConnectionDecidesNothingHeld() {
    var log = makeLog()
    let all = ["a", "b", "c", "d", "e"].map { event($0) }
    log.connect(isResumed: false)
    log.merge(Array(all[..<3]))
    let early = log.mark
    log.receive(all[0])
    log.receive(all[1])
    log.connect(isResumed: false)
    log.receive(all[3])
    log.merge(Array(all[..<3]), asked: early)
    #expect(log.lines == ["a", "b", "c"])
    log.merge(Array(all[..<4]))
    log.receive(all[4])
    #expect(log.lines == ["a", "b", "c", "d", "e"])
  }

  @Test func withoutAListEventsAreRepeatedRatherThanLost() {
    var log = makeLog()
    log.merge([event("a")])
    log.connect(isResumed: false)
    log.receive(event("a"))
    log.stopWaiting()
    log.close(status: TaskStatus("COMPLETED"), at: nil)
    #expect(log.lines == ["a", "a", "status COMPLETED"].map { $0.replacing("status ", with: "") })
  }

  @Test func aListThatLostItsStartGoesOnAtTheLongestMatch() {
    var log = makeLog()
    log.merge(["a", "b", "a", "b"].map { event($0) })
    log.merge(["b", "a", "b", "a"].map { event($0) })
    #expect(log.lines == ["a", "b", "a", "b", "a"])
    log.merge(["a", "b", "a"].map { event($0) })
    #expect(log.lines == ["a", "b", "a", "b", "a"])
  }

  @Test func statusChangesOfTheStreamAreLines() {
    var log = makeLog()
    log.connect(isResumed: false)
    log.merge([])
    log.receive(statusChange("PENDING"))
    log.receive(statusChange("RUNNING"))
    log.receive(statusChange("RUNNING"))
    log.receive(event("a"))
    #expect(log.lines == ["RUNNING", "a"])
    #expect(log.jsonLines.first == #"{"type":"status","status":"RUNNING"}"#)
  }

  @Test(arguments: [true, false])
  func theFinalStatusIsTheLastLineAndStandsOnce(isTold: Bool) {
    var log = makeLog("RUNNING")
    log.connect(isResumed: false)
    log.merge([event("a")])
    if isTold { log.receive(statusChange("COMPLETED")) }
    #expect(log.lines == ["a"])
    log.merge([event("a"), event("b")], "COMPLETED")
    log.close(status: TaskStatus("COMPLETED"), at: UTCTime(seconds: 0))
    log.close(status: TaskStatus("COMPLETED"), at: UTCTime(seconds: 0))
    #expect(log.lines == ["a", "b", "COMPLETED"])
  }

  @Test func aFinalStatusInTheListStandsOnce() {
    var log = makeLog("COMPLETED")
    let list = [statusChange("RUNNING", id: 1), event("a", id: 2), statusChange("COMPLETED", id: 3)]
    log.merge(list, "COMPLETED")
    log.close(status: TaskStatus("COMPLETED"), at: nil)
    log.merge(list, "COMPLETED")
    #expect(log.lines == ["RUNNING", "a", "COMPLETED"])
  }

  @Test func aFinalStatusOfListAndStreamStandsOnce() {
    var log = makeLog("RUNNING")
    log.merge([statusChange("RUNNING", id: 1)])
    log.connect(isResumed: true)
    log.receive(event("a", id: 2), id: "2")
    log.receive(statusChange("FAILED", id: 3), id: "3")
    log.merge([statusChange("RUNNING", id: 1), event("a", id: 2), statusChange("FAILED", id: 3)], "FAILED")
    log.close(status: TaskStatus("FAILED"), at: nil)
    #expect(log.lines == ["RUNNING", "a", "FAILED"])
  }

  @Test func theStatusOfAStepIsNotTheTasks() {
    var log = makeLog("RUNNING")
    let step = JSON.object([.init("type", .string("tool_call")), .init("status", .string("success"))])
    log.merge([step, event("a")])
    #expect(log.jsonLines == [step.serialized(), event("a").serialized()])
    #expect(log.status.text == "RUNNING")
  }

  @Test func manyEventsAreReadByParts() {
    var log = makeLog()
    log.merge((0..<100_000).map { (id: Int) in event("event \(id)", id: id) })
    let size = log.size(of: .text)
    var read: [UInt8] = []
    while Int64(read.count) < size { read += log.read(.text, offset: Int64(read.count), count: 100_003) }
    #expect(read.filter { $0 == 0x0A }.count == 100_000)
    #expect(log.read(.text, offset: size, count: 10).isEmpty)
    #expect(log.read(.text, offset: size - 1, count: 10) == [0x0A])
  }
}
