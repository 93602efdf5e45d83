import Beray
import BerayAPI
import Logging
import Synchronization
import SystemPackage
import Testing
import VFS
import Waiting

@testable import BerayFS

/// What a feed does with the stream of its task.
@Suite(.timeLimit(.minutes(5))) struct FeedStreamTests {
  private let fixture = FeedFixture()

  @Test func aHeldStreamIsFollowedToItsEnd() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a", id: 1)]))
    let feed = fixture.makeFeed(service)
    let changes = Mutex<[FeedChange]>([])
    feed.observe { change in changes.withLock { $0.append(change) } }
    feed.hold()
    let stream = await service.stream(0)
    try await fixture.expect(feed, fixture.lines(event("a", id: 1)))
    stream.send(event("b", id: 2), id: "2")
    try await fixture.expect(feed, fixture.lines(event("a", id: 1), event("b", id: 2)))
    #expect(feed.isFresh)
    let all = [event("a", id: 1), event("b", id: 2), statusChange("COMPLETED", id: 3)]
    service.current = makeTask("COMPLETED", all)
    stream.send(all[2], id: "3")
    stream.end()
    try await feed.waitForEnd()
    #expect(try await !feed.waitForMore(than: feed.size(of: .json), of: .json))
    #expect(fixture.text(feed) == all.map { $0.serialized() + "\n" }.joined())
    #expect(feed.task.status.text == "COMPLETED")
    #expect(changes.withLock { $0.contains(.status(TaskStatus("COMPLETED"))) })
    feed.letGo()
  }

  @Test func aDroppedStreamGoesOnBehindTheLastID() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a", id: 1)]), capabilities: .resumableStream)
    let feed = fixture.makeFeed(service)
    feed.hold()
    try await fixture.expect(feed, fixture.lines(event("a", id: 1)))
    let first = await service.stream(0)
    first.send(event("b", id: 2), id: "2")
    try await fixture.expect(feed, fixture.lines(event("a", id: 1), event("b", id: 2)))
    first.fail(BerayError(.connectionLost, detail: "cut", operation: "GET"))
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(1))
    let second = await service.stream(1)
    #expect(service.resumedAfter == [nil, "2"])
    second.send(event("c", id: 3), id: "3")
    try await fixture.expect(feed, fixture.lines(event("a", id: 1), event("b", id: 2), event("c", id: 3)))
    feed.letGo()
  }

  @Test func aRepeatedStreamWithoutIDsAddsNothingTwice() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a"), event("b")]))
    let feed = fixture.makeFeed(service)
    feed.hold()
    let stream = await service.stream(0)
    try await fixture.expect(feed, fixture.lines(event("a"), event("b")))
    stream.send(event("a"))
    stream.send(event("b"))
    // Whether it is asked at once or in a second depends on when the first answer came.
    while service.requests < 2 {
      fixture.time.advance(by: .milliseconds(1))
      await Task.yield()
    }
    service.current = makeTask("RUNNING", [event("a"), event("b"), event("c")])
    stream.send(event("c"))
    try await fixture.expect(feed, fixture.lines(event("a"), event("b"), event("c")))
    feed.letGo()
  }

  @Test func anEndedTaskIsAskedOnceAndNotStreamed() async throws {
    let service = FakeTaskService(makeTask("FAILED", [event("a")]))
    let feed = fixture.makeFeed(service)
    feed.hold()
    try await feed.waitForEnd()
    while try await feed.waitForMore(than: feed.size(of: .text), of: .text) {}
    #expect(fixture.text(feed) == fixture.lines(event("a"), statusChange("FAILED")))
    #expect(service.streamCount == 0)
    #expect(service.requests == 1)
    feed.letGo()
  }

  @Test func aStreamThatStaysOpenAfterTheEndIsCut() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = fixture.makeFeed(service)
    feed.hold()
    let stream = await service.stream(0)
    await service.requests(1)
    service.current = makeTask("COMPLETED", [])
    stream.send(statusChange("COMPLETED"))
    await fixture.time.sleepers(1)
    // The grace, and what the stream asked for.
    while !feed.isFinished {
      fixture.time.advance(by: .seconds(2))
      await Task.yield()
    }
    try await feed.waitForEnd()
    feed.letGo()
  }

  @Test func theStreamLingersAndIsLetGo() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = fixture.makeFeed(service)
    feed.hold()
    let stream = await service.stream(0)
    feed.letGo()
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(29))
    #expect(!stream.isOver)
    fixture.time.advance(by: .seconds(1))
    await stream.over()
  }

  @Test func refusedStreamsAreToldOnceAndTriedSlowly() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    service.failStream(BerayError(.authentication, status: 401, detail: "no", operation: "GET"))
    let feed = fixture.makeFeed(service)
    feed.hold()
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(10))
    await fixture.time.sleepers(1)
    #expect(feed.context.failures.text.text.split(separator: "\n").count == 1)
    service.failStream(nil)
    fixture.time.advance(by: .seconds(10))
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
    let feed = fixture.makeFeed(service)
    feed.hold()
    try await fixture.expect(feed, fixture.lines(event("a")))
    await fixture.time.sleepers(1)
    service.current = makeTask("COMPLETED", [event("a"), event("b")])
    fixture.time.advance(by: .seconds(1))
    try await feed.waitForEnd()
    #expect(fixture.text(feed).hasPrefix(fixture.lines(event("a"), event("b"))))
    #expect(service.streamRequests == 1)
    #expect(feed.context.failures.text.text.isEmpty)
    feed.letGo()
  }
}
