import Beray
import BerayAPI
import Synchronization

@testable import BerayFS

/// A server in memory that knows one task, whose stream and answers a test directs.
final class FakeTaskService: TaskService {
  private struct State {
    var task: BerayTask
    var capabilities: Capabilities = []
    var taskError: BerayError?
    var streamError: BerayError?
    var requests = 0
    var streamRequests = 0
    var gate: Latch?
    var streams: [FakeStream] = []
    var resumedAfter: [String?] = []
    var observers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    var requestObservers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state: Mutex<State>

  init(_ task: BerayTask, capabilities: Capabilities = []) {
    state = Mutex(State(task: task, capabilities: capabilities))
  }

  /// What `GET tasks/{id}` answers.
  var current: BerayTask {
    get { state.withLock { $0.task } }
    set { state.withLock { $0.task = newValue } }
  }
  /// How often the task was asked for.
  var requests: Int { state.withLock { $0.requests } }
  var streamRequests: Int { state.withLock { $0.streamRequests } }
  var streamCount: Int { state.withLock { $0.streams.count } }
  var resumedAfter: [String?] { state.withLock { $0.resumedAfter } }
  func failTask(_ error: BerayError?) { state.withLock { $0.taskError = error } }
  func failStream(_ error: BerayError?) { state.withLock { $0.streamError = error } }
  /// Makes answers wait until the gate is open; the task is read after that.
  func hold(_ gate: Latch?) { state.withLock { $0.gate = gate } }

  /// The stream of that number, from 0; waits until it was opened.
  func stream(_ number: Int) async -> FakeStream {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.streams.count > number { return true }
        state.observers.append((number + 1, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
    return state.withLock { $0.streams[number] }
  }

  /// Waits until the task was asked for so often.
  func requests(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.requests >= count { return true }
        state.requestObservers.append((count, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  func capabilities() async throws(BerayError) -> Capabilities { state.withLock { $0.capabilities } }
  func currentUser() async throws(BerayError) -> User { throw Self.missing }
  func createTask(_ request: TaskRequest) async throws(BerayError) -> BerayTask {
    throw Self.missing
  }
  func tasks() async throws(BerayError) -> [BerayTask] { [current] }

  func task(_ id: TaskID) async throws(BerayError) -> BerayTask {
    let (gate, observers) = state.withLock { state in
      state.requests += 1
      let count = state.requests
      let due = state.requestObservers.filter { $0.count <= count }
      state.requestObservers.removeAll { $0.count <= count }
      return (state.gate, due.map(\.continuation))
    }
    for observer in observers { observer.resume() }
    await gate?.wait()
    if let error = state.withLock({ $0.taskError }) { throw error }
    return current
  }

  func updates(of id: TaskID, after lastEventID: String?) async throws(BerayError) -> TaskUpdates {
    let stream = FakeStream()
    let (error, observers) = state.withLock { state -> (BerayError?, [CheckedContinuation<Void, Never>]) in
      state.streamRequests += 1
      if let error = state.streamError { return (error, []) }
      state.resumedAfter.append(lastEventID)
      state.streams.append(stream)
      let count = state.streams.count
      let due = state.observers.filter { $0.count <= count }
      state.observers.removeAll { $0.count <= count }
      return (nil, due.map(\.continuation))
    }
    for observer in observers { observer.resume() }
    if let error { throw error }
    return stream.updates
  }

  @discardableResult func stopTask(_ id: TaskID) async throws(BerayError) -> JSON { .null }
  @discardableResult func deleteTask(_ id: TaskID) async throws(BerayError) -> JSON { .null }

  // The work directory is not part of this server.
  private static let missing = BerayError(.notFound, status: 404, detail: "not here", operation: "test")
  func fileTree(of id: TaskID, path: String, recursive: Bool) async throws(BerayError) -> [FileEntry] { [] }
  func fileContent(
    of id: TaskID, path: String, range: ByteRange?, ifNoneMatch etag: String?
  ) async throws(BerayError) -> FileContent { throw Self.missing }
  func uploadFile(
    to id: TaskID, path: String, content: UploadBody, contentType: String?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt { throw Self.missing }
  func appendFile(
    to id: TaskID, path: String, content: UploadBody, key: String, when condition: VersionCondition?
  ) async throws(BerayError) -> AppendReceipt { throw Self.missing }
  func archive(of id: TaskID, paths: [String]) async throws(BerayError) -> FileContent { throw Self.missing }
  func removeFile(of id: TaskID, path: String) async throws(BerayError) { throw Self.missing }
  func moveFile(
    of id: TaskID, from: String, to: String, overwrite: Bool, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    throw Self.missing
  }
  func makeDirectory(of id: TaskID, path: String) async throws(BerayError) { throw Self.missing }
  func setAttributes(
    of id: TaskID, path: String, mode: UInt16?, modified: UTCTime?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt { throw Self.missing }
}

/// A stream that a test writes to.
final class FakeStream: Sendable {
  private let source: AsyncStream<Result<TaskUpdate, BerayError>>
  private let sink: AsyncStream<Result<TaskUpdate, BerayError>>.Continuation

  private let ending = Latch()

  init() {
    (source, sink) = AsyncStream.makeStream()
    sink.onTermination = { [ending] _ in ending.open() }
  }

  /// Whether nobody reads it any more, or a test has ended it.
  var isOver: Bool { ending.isOpen }
  func over() async { await ending.wait() }

  var updates: TaskUpdates {
    TaskUpdates { [source] in
      // Pulled by one reader, one update after another.
      nonisolated(unsafe) var iterator = source.makeAsyncIterator()
      return { () async throws(BerayError) in
        guard let result = await iterator.next() else { return nil }
        return try result.get()
      }
    }
  }

  func send(_ json: JSON, id: String? = nil) {
    if let update = TaskUpdate(json: json, lastEventID: id) { sink.yield(.success(update)) }
  }

  func end() { sink.finish() }

  func fail(_ error: BerayError) {
    sink.yield(.failure(error))
    sink.finish()
  }
}

/// Holds whoever comes until it is opened.
final class Latch: Sendable {
  private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  var isOpen: Bool { state.withLock { $0.isOpen } }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
