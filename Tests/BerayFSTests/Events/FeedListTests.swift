import Beray
import BerayAPI
import Logging
import Synchronization
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What a feed takes from a list of tasks, and what it asks of the server instead.
@Suite(.timeLimit(.minutes(5))) struct FeedListTests {
  private let time = ManualTime()

  private func makeFeed(
    _ service: FakeTaskService, listTasks: (@Sendable () async throws(BerayError) -> Void)? = nil
  ) -> TaskFeed {
    let context = MountContext(
      service: service,
      options: MountOptions(user: 1, group: 1, serverName: "test", rescueDirectory: "/tmp", spillDirectory: "/tmp"),
      time: time.source, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    var task = service.current
    task.events = nil
    return TaskFeed(
      task: task, asked: time.source.uptime(), context: context, path: "7-go", listTasks: listTasks)
  }

  private static let hundred = (0..<100).map { (id: Int) in event("event \(id)", id: id) }

  @Test func aListThatContradictsTheEndIsLookedInto() async throws {
    let service = FakeTaskService(makeTask("COMPLETED", [event("a")]))
    let feed = makeFeed(service)
    try await feed.refresh()
    #expect(feed.isFinished && feed.isFresh)
    time.advance(by: .seconds(2))
    feed.take(makeTask("RUNNING"), asked: time.source.uptime())
    #expect(feed.task.status.text == "COMPLETED")
    #expect(!feed.isFresh)
    service.current = makeTask("RUNNING", [event("a")])
    try await feed.ensureFresh(needsEvents: false).get()
    #expect(feed.task.status.text == "RUNNING")
  }

  @Test func aListThatWasOvertakenTellsNothing() async throws {
    let service = FakeTaskService(makeTask("COMPLETED", [event("a")]))
    let feed = makeFeed(service)
    let before = time.source.uptime()
    time.advance(by: .seconds(2))
    try await feed.refresh()
    feed.take(makeTask("RUNNING"), asked: before)
    #expect(feed.isFinished && feed.isFresh)
  }

  @Test func aListIsAsOldAsItsRequest() async throws {
    let feed = makeFeed(FakeTaskService(makeTask("RUNNING", [])))
    feed.expire()
    let before = time.source.uptime() - .milliseconds(1)
    feed.take(makeTask("RUNNING"), asked: before)
    #expect(!feed.isFresh, "it was asked for before all was to be asked again")
    feed.take(makeTask("RUNNING"), asked: time.source.uptime())
    #expect(feed.isFresh)
    time.advance(by: .seconds(1))
    #expect(!feed.isFresh)
  }

  @Test func aListTellsLessThanTheTask() async throws {
    var whole = makeTask("RUNNING", [event("a")])
    whole.raw = ["id": 7, "goal": "go", "status": "RUNNING", "plan": "all of it", "events": []]
    let feed = makeFeed(FakeTaskService(whole))
    try await feed.refresh()
    time.advance(by: .seconds(1))
    var listed = makeTask("PENDING", updated: 1_700_000_000)
    listed.goal = "go, sho…"
    feed.take(listed, asked: time.source.uptime())
    #expect(feed.task.status.text == "PENDING")
    #expect(feed.task.updatedAt == UTCTime(seconds: 1_700_000_000))
    #expect(feed.task.goal == "go")
    #expect(feed.task.raw["plan"] == "all of it")
  }

  @Test func aListTellsTheStatusWithoutTheEvents() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a")]))
    let lists = Atomic(0)
    let slot = Mutex<TaskFeed?>(nil)
    let feed = makeFeed(service) { () async throws(BerayError) in
      lists.add(1, ordering: .relaxed)
      let feed = slot.withLock { $0 }
      feed?.take(makeTask("COMPLETED"), asked: feed?.context.time.uptime() ?? .zero)
    }
    slot.withLock { $0 = feed }
    defer { slot.withLock { $0 = nil } }
    time.advance(by: .seconds(2))
    try await feed.ensureFresh(needsEvents: false).get()
    #expect(feed.task.status.text == "COMPLETED")
    #expect(service.requests == 0 && lists.load(ordering: .relaxed) == 1)
    try await feed.ensureFresh(needsEvents: true).get()
    #expect(service.requests == 1)
  }

  @Test func aListWithoutAStatusIsNotEnough() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let slot = Mutex<TaskFeed?>(nil)
    let feed = makeFeed(service) { () async throws(BerayError) in
      let feed = slot.withLock { $0 }
      feed?.take(makeTask(""), asked: feed?.context.time.uptime() ?? .zero)
    }
    slot.withLock { $0 = feed }
    defer { slot.withLock { $0 = nil } }
    time.advance(by: .seconds(2))
    service.current = makeTask("COMPLETED", [])
    try await feed.ensureFresh(needsEvents: false).get()
    #expect(feed.task.status.text == "COMPLETED")
    #expect(service.requests == 1)
  }

  @Test func aStreamThatOnlyRepeatsIsOpenedLessAndLessOften() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a", id: 1)]))
    let feed = makeFeed(service)
    feed.hold()
    for number in 0..<5 {
      let stream = await service.stream(number)
      stream.send(event("a", id: 1), id: "1")
      stream.end()
      // What is left of the pause when it is long by now keeps the next stream away.
      await time.sleepers(1)
      if number < 4 { time.advance(by: .seconds(10)) }
    }
    time.advance(by: .milliseconds(200))
    #expect(service.streamCount == 5)
    feed.letGo()
  }

  @Test func logsThatCanBeFetchedAgainAreDropped() async throws {
    let service = FakeTaskService(makeTask("COMPLETED", Self.hundred, updated: 5))
    let (old, held, new) = (makeFeed(service), makeFeed(service), makeFeed(service))
    for feed in [old, held] { try await feed.refresh() }
    held.hold()
    let text = old.read(.text, offset: 0, count: 1 << 20)
    let budget = LogBudget(limit: 1)
    budget.used(old, weight: 1)
    budget.used(held, weight: 1)
    budget.used(new, weight: 1)
    #expect(old.size(of: .text) == Int64(text.count), "who waited for it is about to look at it")
    time.advance(by: .seconds(6))
    budget.used(new, weight: 1)
    #expect(old.withState { $0.log.weight } == 0 && !old.hasEvents)
    #expect(held.size(of: .text) == Int64(text.count))
    // The server tells another time by now; what was shown stays.
    service.current = makeTask("COMPLETED", Self.hundred, updated: 9)
    try await old.ensureFresh(needsEvents: true).get()
    #expect(old.read(.text, offset: 0, count: 1 << 20) == text)
    held.letGo()
  }

  @Test func whatAStreamToldIsKept() async throws {
    let service = FakeTaskService(makeTask("RUNNING", [event("a", id: 1)]))
    let feed = makeFeed(service)
    feed.hold()
    let stream = await service.stream(0)
    service.current = makeTask("COMPLETED", [event("a", id: 1)])
    stream.send(statusChange("COMPLETED"))
    stream.end()
    try await feed.waitForEnd()
    feed.letGo()
    #expect(!feed.dropLog())
  }
}
