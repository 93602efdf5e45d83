internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import SystemPackage

/// A task and the events that it had when it was read, as one JSON object. It is sent page by page, so it needs the
/// memory of one page, however much the agent said.
struct EventListing: Sendable {
  let task: TaskRecord
  let store: Store

  /// - Parameter use: held until the answer is sent.
  func response(_ use: Activity.Use) async throws -> Response {
    var start = JSONBytes()
    task.writeMembers(to: &start)
    task.write("result", task.result, to: &start)
    start.raw(",\"events\":[")
    let cursor: Int64?
    do { cursor = try await append(after: 0, to: &start) } catch Errno.noSuchFileOrDirectory {
      throw HTTPFailure.notFound("Task not found")
    }
    if cursor == nil {
      start.raw("]}")
      return .json(start.bytes)
    }
    let first = start.bytes
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody { writer in
        try await writer.write(ByteBuffer(bytes: first))
        var cursor = cursor
        while let last = cursor {
          var json = JSONBytes()
          cursor = try await append(after: last, to: &json)
          if cursor == nil { json.raw("]}") }
          try await writer.write(ByteBuffer(bytes: json.bytes))
        }
        try await writer.finish(nil)
        withExtendedLifetime(use) {}
      })
  }

  /// Writes a page of events.
  /// - Returns: the id of the last event; nil if no more follow.
  private func append(after cursor: Int64, to json: inout JSONBytes) async throws -> Int64? {
    guard let page = try await store.events(of: task.id, after: cursor, through: task.lastEventID) else {
      // The task was deleted meanwhile. The JSON object cannot be completed, so the connection has to break.
      throw Errno.noSuchFileOrDirectory
    }
    for event in page.events {
      if event.id > 1 { json.raw(",") }
      json.raw(event.json)
    }
    guard let last = page.events.last?.id, last < task.lastEventID else { return nil }
    return last
  }
}
