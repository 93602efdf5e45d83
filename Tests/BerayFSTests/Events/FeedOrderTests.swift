import Beray
import BerayAPI
import Logging
import Testing
import VFS

@testable import BerayFS

/// A short task on a server that gives no ids: in whatever order its stream and the answers about it come, each event
/// stands once and the final status last.
@Suite(.timeLimit(.minutes(5))) struct FeedOrderTests {
  struct Order: Sendable, CustomTestStringConvertible {
    /// What the two events say.
    var texts: [String]
    /// The events before the stream was opened, and whether it tells them again.
    var before: Int
    var isReplayed: Bool
    /// The events in the answer that was asked for when the stream was opened, and whether it tells the end.
    var listed: Int
    var isEndListed: Bool
    /// What the stream has told when that answer comes: events, then the final status, then its own end.
    var told: Int

    var testDescription: String {
      let list = "\(listed) listed\(isEndListed ? " and the end" : "")"
      return "\(texts), \(before) before\(isReplayed ? ", replayed" : ""), \(list), \(told) told"
    }

    var streamed: [JSON] {
      texts.dropFirst(isReplayed ? 0 : before).map { event($0) } + [statusChange("COMPLETED")]
    }

    static let all: [Order] = {
      var orders: [Order] = []
      for texts in [["a", "b"], ["x", "x"]] {
        for (before, isReplayed) in [(0, true), (1, true), (2, true), (1, false), (2, false)] {
          for listed in before...2 {
            for isEndListed in listed == 2 ? [false, true] : [false] {
              var order = Order(
                texts: texts, before: before, isReplayed: isReplayed, listed: listed, isEndListed: isEndListed, told: 0)
              for told in 0...order.streamed.count + 1 {
                order.told = told
                orders.append(order)
              }
            }
          }
        }
      }
      return orders
    }()
  }

  private func makeFeed(_ service: FakeTaskService, _ time: ManualTime) -> TaskFeed {
    let options = MountOptions(
      user: 1, group: 1, serverName: "test", rescueDirectory: "/tmp", spillDirectory: "/tmp")
    let context = MountContext(
      service: service, options: options, time: time.source,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    return TaskFeed(task: service.current, asked: time.source.uptime(), context: context, path: "7-go")
  }

  private func text(_ feed: TaskFeed) -> String {
    String(decoding: feed.read(.json, offset: 0, count: 1 << 20), as: UTF8.self)
  }

  @Test(arguments: Order.all)
  func eachEventStandsOnceAndTheEndLast(order: Order) async throws {
    let time = ManualTime()
    let events = order.texts.map { event($0) }
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = makeFeed(service, time)
    let (first, second) = (Latch(), Latch())
    service.hold(first)
    feed.hold()
    let stream = await service.stream(0)
    await service.requests(1)
    service.hold(second)
    service.current = makeTask(order.isEndListed ? "COMPLETED" : "RUNNING", Array(events.prefix(order.listed)))

    let streamed = order.streamed
    for json in streamed.prefix(order.told) { stream.send(json) }
    while feed.withState({ $0.log.mark.received }) < min(order.told, streamed.count) { await Task.yield() }
    let isOver = order.told > streamed.count
    if isOver {
      stream.end()
      // The one that the end of the stream asks for.
      await service.requests(2)
    }
    first.open()
    while !feed.hasEvents { await Task.yield() }
    let shown = text(feed)
    for json in streamed.dropFirst(order.told) { stream.send(json) }
    if !isOver { stream.end() }
    await service.requests(2)
    service.current = makeTask("COMPLETED", events)
    second.open()
    try await feed.waitForEnd()

    let all = (events + [statusChange("COMPLETED")]).map { $0.serialized() + "\n" }.joined()
    #expect(text(feed) == all)
    #expect(all.hasPrefix(shown), "what was shown while the second answer was on its way")
    feed.letGo()
  }

  @Test func whatWasAskedBeforeTheEndIsNotJoinedAfterIt() async throws {
    let service = FakeTaskService(makeTask("RUNNING", []))
    let feed = makeFeed(service, ManualTime())
    feed.hold()
    let stream = await service.stream(0)
    while !feed.hasEvents { await Task.yield() }
    let gate = Latch()
    service.hold(gate)
    let early = feed.fetch(joining: true)
    #expect(early === feed.fetch(joining: true))
    stream.send(statusChange("COMPLETED"))
    while !feed.task.status.isFinished { await Task.yield() }
    let late = feed.fetch(joining: true)
    #expect(late !== early)
    #expect(late === feed.fetch(joining: true))
    service.current = makeTask("COMPLETED", [event("a")])
    stream.end()
    gate.open()
    try await feed.waitForEnd()
    #expect(text(feed) == [event("a"), statusChange("COMPLETED")].map { $0.serialized() + "\n" }.joined())
    feed.letGo()
  }
}
