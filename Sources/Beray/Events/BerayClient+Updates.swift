public import BerayAPI
internal import HTTPTypes
internal import Logging

extension BerayClient {
  /// The updates of a task as they happen, until the server ends the stream.
  ///
  /// A server may first repeat earlier events. A message that is not JSON is logged and skipped. The iteration throws
  /// ``BerayError/Code/timedOut`` if no byte arrives for ``Timeouts/streamIdle``, and
  /// ``BerayError/Code/connectionLost`` if the connection breaks. In both cases, call again with the last
  /// ``BerayAPI/TaskUpdate/lastEventID``.
  /// ```swift
  /// for try await update in try await client.updates(of: id) {
  ///   for event in update.events { print(event.text ?? "") }
  /// }
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - lastEventID: resumes after this event. Servers without `Capabilities.resumableStream` ignore it.
  /// - Throws: ``BerayError/Code/invalidResponse`` if the answer is not an event stream.
  public func updates(of id: TaskID, after lastEventID: String? = nil) async throws(BerayError) -> TaskUpdates {
    var call = Call(.streamTask, task: id)
    call.headers[.accept] = "text/event-stream"
    call.headers[.cacheControl] = "no-store"
    if let lastEventID { call.headers[.lastEventID] = lastEventID }
    let timeouts = configuration.timeouts
    let response = try await calls.stream(call, head: timeouts.metadata, progress: 1, within: timeouts.streamIdle)
    if let type = response.headers[.contentType], !type.lowercased().hasPrefix("text/event-stream") {
      throw BerayError(
        .invalidResponse, detail: "the server sent \(ShownText.escaped(type)) and no stream of events",
        operation: call.operation)
    }
    let contract = await eventContract()
    if Task.isCancelled { throw BerayError(.cancelled, detail: "interrupted", operation: call.operation) }
    let reader = UpdateReader(
      taskID: id, contract: contract, operation: call.operation, logger: calls.logger)
    return TaskUpdates {
      var reader = reader
      var bytes = response.body.makeAsyncIterator()
      return { () async throws(BerayError) in
        while true {
          if let update = reader.next() { return update }
          if reader.hasEnded { return nil }
          try reader.take(try await bytes.next())
        }
      }
    }
  }
}

/// Decodes the bytes of a stream into updates.
private struct UpdateReader: Sendable {
  let taskID: TaskID
  let contract: EventContract
  let operation: String
  let logger: Logger
  private(set) var hasEnded = false
  private var parser = ServerSentEventParser()
  private var updates: [TaskUpdate] = []
  private var position = 0

  init(taskID: TaskID, contract: EventContract, operation: String, logger: Logger) {
    self.taskID = taskID
    self.contract = contract
    self.operation = operation
    self.logger = logger
  }

  mutating func next() -> TaskUpdate? {
    guard position < updates.count else { return nil }
    position += 1
    return updates[position - 1]
  }

  /// - Parameter bytes: nil at the end of the stream.
  mutating func take(_ bytes: [UInt8]?) throws(BerayError) {
    updates.removeAll(keepingCapacity: true)
    position = 0
    do {
      if let bytes {
        for event in try parser.push(bytes) where !hasEnded { read(event) }
      } else {
        if let event = try parser.finish() { read(event) }
        hasEnded = true
      }
    } catch {
      throw BerayError(.invalidResponse, detail: "a message of the stream is too long", operation: operation)
    }
  }

  private mutating func read(_ event: ServerSentEvent) {
    if event.data.isEmpty { return }
    // Some servers end a stream with this marker.
    if event.data == "[DONE]" {
      hasEnded = true
      return
    }
    do {
      let json = try JSON(parsing: event.data)
      let update = TaskUpdate(
        json: json, lastEventID: event.lastEventID, eventName: event.event, taskID: taskID, contract: contract)
      if let update { updates.append(update) }
    } catch {
      if TaskUpdate.isHeartbeat(eventName: event.event) { return }
      logger.warning("\(operation): a message of the stream is no JSON: \(error)")
    }
  }
}
