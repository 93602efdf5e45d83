import Beray
import BerayAPI
import Logging
import Synchronization
import SystemPackage
import Testing
import VFS
import Waiting

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct TaskFeedTests {
  private let fixture = FeedFixture()

  @Test func aRefreshBringsTheEvents() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a")]))
    let feed = fixture.makeFeed(service)
    #expect(!feed.hasEvents)
    try await feed.ensureFresh(needsEvents: true).get()
    #expect(feed.hasEvents)
    #expect(fixture.text(feed) == fixture.lines(event("a")))
    #expect(feed.task.raw["events"] == nil)
  }

  @Test func whatIsFreshIsNotAskedAgain() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = fixture.makeFeed(service)
    guard case .ready = feed.ensureFresh(needsEvents: false) else { Issue.record("a new task is fresh"); return }
    try await feed.ensureFresh(needsEvents: true).get()
    fixture.time.advance(by: .milliseconds(900))
    try await feed.ensureFresh(needsEvents: true).get()
    #expect(service.requests == 1)
    fixture.time.advance(by: .milliseconds(200))
    #expect(!feed.isFresh)
    try await feed.ensureFresh(needsEvents: true).get()
    #expect(service.requests == 2)
    feed.expire()
    #expect(!feed.isFresh)
  }

  @Test func oneRequestServesAllWhoAskAtOnce() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = fixture.makeFeed(service)
    let gate = Latch()
    service.hold(gate)
    let flights = (0..<10).map { _ in feed.fetch(joining: true) }
    #expect(flights.allSatisfy { $0 === flights[0] })
    gate.open()
    for flight in flights { try await flight.value() }
    #expect(service.requests == 1)
  }

  @Test func whoIsInterruptedLeavesTheRequestAlone() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a")]))
    let feed = fixture.makeFeed(service)
    let gate = Latch()
    service.hold(gate)
    let waiting = Task { () -> Errno? in
      do throws(Errno) { try await feed.ensureFresh(needsEvents: true).get() } catch { return error }
      return nil
    }
    await service.requests(1)
    let flight = feed.fetch(joining: true)
    waiting.cancel()
    #expect(await waiting.value == .interrupted)
    gate.open()
    try await flight.value()
    #expect(feed.hasEvents)
  }

  @Test func aFailureBecomesAnErrno() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = fixture.makeFeed(service)
    service.failTask(BerayError(.timedOut, detail: "late", operation: "GET"))
    await #expect(throws: Errno.timedOut) { try await feed.ensureFresh(needsEvents: true).get() }
    service.failTask(BerayError(.notFound, status: 404, detail: "gone", operation: "GET"))
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await feed.ensureFresh(needsEvents: true).get() }
    await #expect(throws: Errno.staleNFSFileHandle) { try await feed.waitForMore(than: 0, of: .json) }
  }

  @Test func waitsEndWhenInterruptedOrRemoved() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    for way in 0..<3 {
      let feed = fixture.makeFeed(service)
      let waiting = Task { () -> Errno? in
        do throws(Errno) { _ = try await feed.waitForMore(than: 0, of: .json) } catch { return error }
        return nil
      }
      switch way {
      case 0: waiting.cancel()
      case 1: feed.interruptAll()
      default: feed.removed()
      }
      #expect(await waiting.value == [.interrupted, nil, .staleNFSFileHandle][way])
    }
  }

  @Test func anEndThatAListTellsIsLookedInto() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a")]))
    let feed = fixture.makeFeed(service)
    try await feed.ensureFresh(needsEvents: true).get()
    service.current = makeTask("COMPLETED", [event("a"), event("b")])
    fixture.take(feed, makeTask("COMPLETED"))
    #expect(!feed.isFinished)
    try await feed.ensureFresh(needsEvents: false).get()
    #expect(feed.isFinished)
    let size = feed.size(of: .text)
    fixture.take(feed, makeTask("RUNNING"))
    #expect(feed.isFinished, "a list that was asked for earlier cannot take back the end")
    #expect(feed.size(of: .text) == size)
  }

  @Test func theTimeOfChangeNeverGoesBack() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [], created: 1_700_000_000))
    let feed = fixture.makeFeed(service)
    #expect(feed.modified == Timestamp(seconds: 1_700_000_000))
    fixture.take(feed, makeTask("RUNNING", updated: 1_700_000_100))
    #expect(feed.modified == Timestamp(seconds: 1_700_000_100))
    fixture.take(feed, makeTask("RUNNING", updated: 1_700_000_050))
    #expect(feed.modified == Timestamp(seconds: 1_700_000_100))
    fixture.time.advance(by: .seconds(100))
    #expect(feed.modified == Timestamp(seconds: 1_700_000_100))
    let bare = fixture.makeFeed(FakeTaskService(makeTask("RUNNING", [])))
    let seen = bare.modified
    fixture.time.advance(by: .seconds(100))
    #expect(bare.modified == seen)
  }

  @Test func observersAreCalledInOrder() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = fixture.makeFeed(service)
    let sizes = Mutex<[Int64]>([])
    feed.observe { change in
      if case .events(let json, _) = change { sizes.withLock { $0.append(json) } }
    }
    feed.hold()
    let stream = await service.stream(0)
    for number in 0..<200 { stream.send(event("\(number)", id: number), id: "\(number)") }
    try await fixture.expect(feed, (0..<200).map { (id: Int) in event("\(id)", id: id).serialized() + "\n" }.joined())
    let told = sizes.withLock { $0 }
    #expect(told == told.sorted())
    feed.letGo()
  }
}
