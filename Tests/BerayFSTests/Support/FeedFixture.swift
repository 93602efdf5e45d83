import Beray
import BerayAPI
import Logging
import Testing
import VFS

@testable import BerayFS

/// A task's feed on a fake service, with a clock of its own.
struct FeedFixture {
  let time = ManualTime()

  func makeFeed(
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
  func take(_ feed: TaskFeed, _ task: BerayTask) { feed.take(task, asked: time.source.uptime()) }

  func text(_ feed: TaskFeed) -> String {
    String(decoding: feed.read(.json, offset: 0, count: 1 << 20), as: UTF8.self)
  }

  func lines(_ events: JSON...) -> String { events.map { $0.serialized() + "\n" }.joined() }

  /// Waits until the log says `expected`.
  func expect(_ feed: TaskFeed, _ expected: String) async throws {
    while case let size = feed.size(of: .json), size < expected.utf8.count {
      guard try await feed.waitForMore(than: size, of: .json) else { break }
    }
    #expect(text(feed) == expected)
  }
}
