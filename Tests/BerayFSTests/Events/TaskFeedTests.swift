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
  private let time = ManualTime()

  private func makeFeed(
    _ service: FakeTaskService, freshness: Duration? = nil
  ) -> TaskFeed {
    var options = MountOptions(
      user: 1, group: 1, serverName: "test", rescueDirectory: "/tmp", spillDirectory: "/tmp")
    options.freshness = freshness
    let context = MountContext(
      service: service, options: options, time: time.source,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    var task = service.current
    task.events = nil
    return TaskFeed(task: task, asked: time.source.uptime(), context: context, path: "7-go")
  }

  /// A list that is asked for now tells `task`.
  private func take(_ feed: TaskFeed, _ task: BerayTask) { feed.take(task, asked: time.source.uptime()) }

  private func text(_ feed: TaskFeed) -> String {
    String(decoding: feed.read(.json, offset: 0, count: 1 << 20), as: UTF8.self)
  }

  private func lines(_ events: JSON...) -> String { events.map { $0.serialized() + "\n" }.joined() }

  /// Waits until the log says `expected`.
  private func expect(_ feed: TaskFeed, _ expected: String) async throws {
    while text(feed).utf8.count < expected.utf8.count {
      guard try await feed.waitForMore(than: feed.size(of: .json), of: .json) else { break }
    }
    #expect(text(feed) == expected)
  }

  @Test func aRefreshBringsTheEvents() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a")]))
    let feed = makeFeed(service)
    #expect(!feed.hasEvents)
    try await feed.ensureFresh(needsEvents: true).get()
    #expect(feed.hasEvents)
    #expect(text(feed) == lines(event("a")))
    #expect(feed.task.raw["events"] == nil)
  }

  @Test func whatIsFreshIsNotAskedAgain() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = makeFeed(service)
    guard case .ready = feed.ensureFresh(needsEvents: false) else { Issue.record("a new task is fresh"); return }
    try await feed.ensureFresh(needsEvents: true).get()
    time.advance(by: .milliseconds(900))
    try await feed.ensureFresh(needsEvents: true).get()
    #expect(service.requests == 1)
    time.advance(by: .milliseconds(200))
    #expect(!feed.isFresh)
    try await feed.ensureFresh(needsEvents: true).get()
    #expect(service.requests == 2)
    feed.expire()
    #expect(!feed.isFresh)
  }

  @Test func oneRequestServesAllWhoAskAtOnce() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = makeFeed(service)
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
    let feed = makeFeed(service)
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
    let feed = makeFeed(service)
    service.failTask(BerayError(.timedOut, detail: "late", operation: "GET"))
    await #expect(throws: Errno.timedOut) { try await feed.ensureFresh(needsEvents: true).get() }
    service.failTask(BerayError(.notFound, status: 404, detail: "gone", operation: "GET"))
    await #expect(throws: Errno.noSuchFileOrDirectory) { try await feed.ensureFresh(needsEvents: true).get() }
    await #expect(throws: Errno.staleNFSFileHandle) { try await feed.waitForMore(than: 0, of: .json) }
  }

  @Test func aHeldStreamIsFollowedToItsEnd() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a", id: 1)]))
    let feed = makeFeed(service)
    let changes = Mutex<[FeedChange]>([])
    feed.observe { change in changes.withLock { $0.append(change) } }
    feed.hold()
    let stream = await service.stream(0)
    try await expect(feed, lines(event("a", id: 1)))
    stream.send(event("b", id: 2), id: "2")
    try await expect(feed, lines(event("a", id: 1), event("b", id: 2)))
    #expect(feed.isFresh)
    let all = [event("a", id: 1), event("b", id: 2), statusChange("COMPLETED", id: 3)]
    service.current = makeTask("COMPLETED", all)
    stream.send(all[2], id: "3")
    stream.end()
    try await feed.waitForEnd()
    #expect(try await !feed.waitForMore(than: feed.size(of: .json), of: .json))
    #expect(text(feed) == all.map { $0.serialized() + "\n" }.joined())
    #expect(feed.task.status.text == "COMPLETED")
    #expect(changes.withLock { $0.contains(.status(TaskStatus("COMPLETED"))) })
    feed.letGo()
  }

  @Test func aDroppedStreamGoesOnBehindTheLastID() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a", id: 1)]), capabilities: .resumableStream)
    let feed = makeFeed(service)
    feed.hold()
    try await expect(feed, lines(event("a", id: 1)))
    let first = await service.stream(0)
    first.send(event("b", id: 2), id: "2")
    try await expect(feed, lines(event("a", id: 1), event("b", id: 2)))
    first.fail(BerayError(.connectionLost, detail: "cut", operation: "GET"))
    await time.sleepers(1)
    time.advance(by: .seconds(1))
    let second = await service.stream(1)
    #expect(service.resumedAfter == [nil, "2"])
    second.send(event("c", id: 3), id: "3")
    try await expect(feed, lines(event("a", id: 1), event("b", id: 2), event("c", id: 3)))
    feed.letGo()
  }

  @Test func aRepeatedStreamWithoutIDsAddsNothingTwice() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a"), event("b")]))
    let feed = makeFeed(service)
    feed.hold()
    let stream = await service.stream(0)
    try await expect(feed, lines(event("a"), event("b")))
    stream.send(event("a"))
    stream.send(event("b"))
    // Whether it is asked at once or in a second depends on when the first answer came.
    while service.requests < 2 {
      time.advance(by: .milliseconds(1))
      await Task.yield()
    }
    service.current = makeTask("RUNNING", [event("a"), event("b"), event("c")])
    stream.send(event("c"))
    try await expect(feed, lines(event("a"), event("b"), event("c")))
    feed.letGo()
  }

  @Test func anEndedTaskIsAskedOnceAndNotStreamed() async throws {
    let service = FakeTaskService(makeTask("FAILED", [event("a")]))
    let feed = makeFeed(service)
    feed.hold()
    try await feed.waitForEnd()
    while try await feed.waitForMore(than: feed.size(of: .text), of: .text) {}
    #expect(text(feed) == lines(event("a"), statusChange("FAILED")))
    #expect(service.streamCount == 0)
    #expect(service.requests == 1)
    feed.letGo()
  }

  @Test func aStreamThatStaysOpenAfterTheEndIsCut() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = makeFeed(service)
    feed.hold()
    let stream = await service.stream(0)
    await service.requests(1)
    service.current = makeTask("COMPLETED", [])
    stream.send(statusChange("COMPLETED"))
    await time.sleepers(1)
    // The grace, and what the stream asked for.
    while !feed.isFinished {
      time.advance(by: .seconds(2))
      await Task.yield()
    }
    try await feed.waitForEnd()
    feed.letGo()
  }

  @Test func theStreamLingersAndIsLetGo() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = makeFeed(service)
    feed.hold()
    let stream = await service.stream(0)
    feed.letGo()
    await time.sleepers(1)
    time.advance(by: .seconds(29))
    #expect(!stream.isOver)
    time.advance(by: .seconds(1))
    await stream.over()
  }

  @Test func waitsEndWhenInterruptedOrRemoved() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    for way in 0..<3 {
      let feed = makeFeed(service)
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

  @Test func refusedStreamsAreToldOnceAndTriedSlowly() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    service.failStream(BerayError(.authentication, status: 401, detail: "no", operation: "GET"))
    let feed = makeFeed(service)
    feed.hold()
    await time.sleepers(1)
    time.advance(by: .seconds(10))
    await time.sleepers(1)
    #expect(feed.context.failures.text.text.split(separator: "\n").count == 1)
    service.failStream(nil)
    time.advance(by: .seconds(10))
    _ = await service.stream(0)
    feed.letGo()
  }

  @Test(arguments: [
    BerayError(.notFound, status: 404, detail: "no such route", operation: "GET"),
    BerayError(.invalidResponse, detail: "HTML and no stream", operation: "GET"),
  ])
  func aServerWithoutStreamsIsAskedEverySecond(answer: BerayError) async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a")]))
    service.failStream(answer)
    let feed = makeFeed(service)
    feed.hold()
    try await expect(feed, lines(event("a")))
    await time.sleepers(1)
    service.current = makeTask("COMPLETED", [event("a"), event("b")])
    time.advance(by: .seconds(1))
    try await feed.waitForEnd()
    #expect(text(feed).hasPrefix(lines(event("a"), event("b"))))
    #expect(service.streamRequests == 1)
    #expect(feed.context.failures.text.text.isEmpty)
    feed.letGo()
  }

  @Test func anEndThatAListTellsIsLookedInto() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a")]))
    let feed = makeFeed(service)
    try await feed.ensureFresh(needsEvents: true).get()
    service.current = makeTask("COMPLETED", [event("a"), event("b")])
    take(feed, makeTask("COMPLETED"))
    #expect(!feed.isFinished)
    try await feed.ensureFresh(needsEvents: false).get()
    #expect(feed.isFinished)
    let size = feed.size(of: .text)
    take(feed, makeTask("RUNNING"))
    #expect(feed.isFinished, "a list that was asked for earlier cannot take back the end")
    #expect(feed.size(of: .text) == size)
  }

  @Test func theTimeOfChangeNeverGoesBack() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [], created: 1_700_000_000))
    let feed = makeFeed(service)
    #expect(feed.modified == Timestamp(seconds: 1_700_000_000))
    take(feed, makeTask("RUNNING", updated: 1_700_000_100))
    #expect(feed.modified == Timestamp(seconds: 1_700_000_100))
    take(feed, makeTask("RUNNING", updated: 1_700_000_050))
    #expect(feed.modified == Timestamp(seconds: 1_700_000_100))
    time.advance(by: .seconds(100))
    #expect(feed.modified == Timestamp(seconds: 1_700_000_100))
    let bare = makeFeed(FakeTaskService(makeTask("RUNNING", [])))
    let seen = bare.modified
    time.advance(by: .seconds(100))
    #expect(bare.modified == seen)
  }

  @Test func observersAreCalledInOrder() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = makeFeed(service)
    let sizes = Mutex<[Int64]>([])
    feed.observe { change in
      if case .events(let json, _) = change { sizes.withLock { $0.append(json) } }
    }
    feed.hold()
    let stream = await service.stream(0)
    for number in 0..<200 { stream.send(event("\(number)", id: number), id: "\(number)") }
    try await expect(feed, (0..<200).map { (id: Int) in event("\(id)", id: id).serialized() + "\n" }.joined())
    let told = sizes.withLock { $0 }
    #expect(told == told.sorted())
    feed.letGo()
  }
}
