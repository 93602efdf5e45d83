internal import BerayAPI
internal import Hummingbird
internal import NIOCore

/// One client that follows a task: a cursor over the stored events.
///
/// It sends the events after the cursor, then sleeps until the hub wakes it. So no event is lost or sent twice, however
/// slow the client is. The final status is the last stored event of a task, and the stream ends after it.
struct EventSender: Sendable {
  let task: Int64
  /// The id of the last event that the client has; 0 if it has none. Never greater than the task's last event id.
  let cursor: Int64
  let services: Services
  private static let pause: Duration = .seconds(15)

  /// Sends events until the task ends, the client disconnects, or the server shuts down.
  @concurrent
  func run(_ request: Request, _ writer: inout any ResponseBodyWriter) async throws {
    let (changes, wake) = services.hub.follow(task)
    defer { wake.finish() }
    let clock = services.clock
    let pulse = Task {
      while (try? await clock.sleep(for: Self.pause)) != nil { wake.yield() }
    }
    defer { pulse.cancel() }
    try await request.body.consumeWithInboundCloseHandler { _ in
      try await send(changes, &writer)
    } onInboundClosed: {
      wake.finish()
    }
  }

  @concurrent
  private func send(_ changes: AsyncStream<Void>, _ writer: inout any ResponseBodyWriter) async throws {
    var cursor = cursor
    guard let first = try await sendNew(from: &cursor, &writer) else { return }
    // The head is sent with the first bytes of the body. Without any, the client would not know that it is connected.
    if first == 0 { try await writer.write(ByteBuffer(bytes: ServerSentEvent.comment("ping"))) }
    for await _ in changes {
      guard let sent = try await sendNew(from: &cursor, &writer) else { return }
      if sent == 0 { try await writer.write(ByteBuffer(bytes: ServerSentEvent.comment("ping"))) }
    }
  }

  /// Sends all events after the cursor and advances it.
  /// - Returns: the number of events; nil if the last one was the final status.
  @concurrent
  private func sendNew(from cursor: inout Int64, _ writer: inout any ResponseBodyWriter) async throws -> Int? {
    var sent = 0
    while true {
      guard let page = try await services.store.events(of: task, after: cursor) else {
        // The task was deleted. Its followers still learn that it has ended.
        let event = AgentEvent.final(TaskOutcome(status: .stopped, text: "the task was deleted"))
        let json = event.json(id: cursor + 1, time: Store.now())
        try await writer.write(Self.messages([StoredEvent(id: cursor + 1, json: json)]))
        return nil
      }
      if let last = page.events.last {
        try await writer.write(Self.messages(page.events))
        cursor = last.id
        sent += page.events.count
      }
      if cursor >= page.lastEventID { return page.status.isFinished ? nil : sent }
    }
  }

  private static func messages(_ events: [StoredEvent]) -> ByteBuffer {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(events.reduce(0) { $0 + $1.json.utf8.count + 32 })
    for event in events { ServerSentEvent.append(id: String(event.id), data: event.json, to: &bytes) }
    return ByteBuffer(bytes: bytes)
  }
}
