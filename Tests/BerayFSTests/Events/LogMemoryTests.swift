import Beray
import BerayAPI
import Logging
import Testing
import VFS

@testable import BerayFS

/// Logs leave memory: with their task, or where the server would tell them again.
@Suite(.timeLimit(.minutes(5))) struct LogMemoryTests {
  private let time = ManualTime()

  private func makeFeed(_ service: FakeTaskService) -> TaskFeed {
    let context = MountContext(
      service: service,
      options: MountOptions(user: 1, group: 1, serverName: "test", rescueDirectory: "/tmp", spillDirectory: "/tmp"),
      time: time.source, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    return TaskFeed(task: service.current, asked: time.source.uptime(), context: context, path: "7-go")
  }

  /// `cat wait`, or any open stream, to the end of the task.
  @Test func aFollowedLogIsDroppedAndReadsTheSame() async throws {
    let listed = [event("a", id: 1), event("b", id: 2), statusChange("COMPLETED", id: 3)]
    let service = FakeTaskService(makeTask("RUNNING", []), capabilities: [.resumableStream, .declaredEvents])
    let feed = makeFeed(service)
    feed.hold()
    let stream = await service.stream(0)
    service.current = makeTask("COMPLETED", listed)
    for (number, json) in listed.enumerated() { stream.send(json, id: "\(number + 1)") }
    stream.end()
    try await feed.waitForEnd()
    feed.letGo()
    let text = feed.read(.json, offset: 0, count: 1 << 20)
    #expect(!text.isEmpty)
    time.advance(by: .seconds(6))
    // The last request may still be under way.
    while !feed.dropLog() { await Task.yield() }
    #expect(feed.withState { $0.log.weight } == 0)
    #expect(feed.size(of: .json) == Int64(text.count), "a stat does not cost the log")
    time.advance(by: .milliseconds(1))
    guard case .ready = feed.ensureFresh(needsEvents: false) else {
      Issue.record("it asks again for what it knows")
      return
    }
    try await feed.ensureFresh(needsEvents: true).get()
    #expect(feed.read(.json, offset: 0, count: 1 << 20) == text)
  }

  @Test func whatOnlyAStreamToldStays() {
    var log = EventLog(status: TaskStatus("RUNNING"))
    log.merge([event("a", id: 1)])
    log.connect(isResumed: true)
    log.receive(statusChange("PAUSED"))
    log.merge([event("a", id: 1)], "COMPLETED")
    log.close(status: TaskStatus("COMPLETED"), at: nil)
    #expect(log.jsonLines.count == 3)
    #expect(!log.isReproducible)
  }

  @Test func aDeletedTaskTakesItsLogAlong() async throws {
    let service = FakeTaskService(makeTask("COMPLETED", [event("a", id: 1)]))
    var feed: TaskFeed? = makeFeed(service)
    weak let gone = feed
    try await feed?.refresh()
    feed?.hold()
    feed?.removed()
    #expect(feed?.size(of: .json) != 0, "who has it open keeps it")
    feed?.letGo()
    #expect(feed?.size(of: .json) == 0)
    feed = nil
    while gone != nil { await Task.yield() }
  }

  @Test func theBudgetPassesOverWhatCannotGo() async throws {
    let service = FakeTaskService(makeTask("COMPLETED", [event("a", id: 1)]))
    let (held, free, new) = (makeFeed(service), makeFeed(service), makeFeed(service))
    for feed in [held, free, new] { try await feed.refresh() }
    held.hold()
    time.advance(by: .seconds(6))
    let budget = LogBudget(limit: 10)
    _ = budget.used(held, weight: 100)
    _ = budget.used(free, weight: 4)
    #expect(free.withState { $0.log.weight } > 0, "who was used last is about to be looked at")
    _ = budget.used(new, weight: 4)
    #expect(free.withState { $0.log.weight } == 0)
    #expect(held.size(of: .json) > 0)
    held.letGo()
    budget.trim()
    #expect(held.withState { $0.log.weight } == 0)
  }
}
