import Beray
import BerayAPI
import Synchronization

@testable import BerayFS

/// A server in memory that has tasks, counts what is asked of it, and fails or waits as a test wants it.
final class TreeServer: TaskService {
  enum Operation: Hashable, Sendable, CaseIterable {
    case user, create, list, task, stop, delete, stream, tree, upload, archive
  }

  private struct State {
    var tasks: [BerayTask] = []
    var nextID: Int64 = 1
    var counts: [Operation: Int] = [:]
    var failures: [Operation: BerayError] = [:]
    var gates: [Operation: Latch] = [:]
    var observers: [(operation: Operation, count: Int, latch: Latch)] = []
    var streams: [FakeStream] = []
    var created: [TaskRequest] = []
    var capabilities: Capabilities = []
    var user: JSON = ["id": 1, "email": "me@example.org"]
    /// What a creation answers, made from the new task; nil gives the task itself.
    var answersCreation: (@Sendable (BerayTask) throws(BerayError) -> BerayTask)?
  }

  private let state = Mutex(State())
  private let archives = Mutex<(@Sendable () -> ByteStream)?>(nil)

  // MARK: - What a test does

  /// Adds a task as if somebody else had made it.
  @discardableResult
  func add(_ goal: String, _ status: String = "COMPLETED", events: [JSON] = [], updated: Int64? = nil) -> TaskID {
    state.withLock { state in
      let id = state.nextID
      state.nextID += 1
      var members = [
        JSON.Member("id", JSON(id)), JSON.Member("goal", .string(goal)), JSON.Member("status", .string(status)),
      ]
      if let updated {
        members.append(JSON.Member("updated_at", .string(UTCTime(seconds: updated).iso8601(fractionDigits: 0))))
      }
      let task = BerayTask(
        id: TaskID(rawValue: id), goal: goal, status: TaskStatus(status),
        updatedAt: updated.map { UTCTime(seconds: $0) },
        events: events.map { TaskEvent(json: $0) }, raw: .object(members))
      state.tasks.append(task)
      return task.id
    }
  }

  func set(_ id: TaskID, status: String) {
    change(id) { task in
      task.status = TaskStatus(status)
      task.raw = .object(
        (task.raw.objectValue ?? []).map { $0.name == "status" ? .init("status", .string(status)) : $0 })
    }
  }

  func append(_ id: TaskID, _ event: JSON) { change(id) { $0.events?.append(TaskEvent(json: event)) } }

  func change(_ id: TaskID, _ body: (inout BerayTask) -> Void) {
    state.withLock { state in
      if let index = state.tasks.firstIndex(where: { $0.id == id }) { body(&state.tasks[index]) }
    }
  }

  /// Somebody else deletes the task.
  func drop(_ id: TaskID) { state.withLock { $0.tasks.removeAll { $0.id == id } } }

  var ids: [Int64] { state.withLock { $0.tasks.map(\.id.rawValue) } }
  var created: [TaskRequest] { state.withLock { $0.created } }
  func count(_ operation: Operation) -> Int { state.withLock { $0.counts[operation] ?? 0 } }
  var total: Int { state.withLock { $0.counts.values.reduce(0, +) } }
  func offer(_ capabilities: Capabilities) { state.withLock { $0.capabilities = capabilities } }
  func setUser(_ user: JSON) { state.withLock { $0.user = user } }
  func fail(_ operation: Operation, _ error: BerayError?) { state.withLock { $0.failures[operation] = error } }
  func answerCreation(_ body: (@Sendable (BerayTask) throws(BerayError) -> BerayTask)?) {
    state.withLock { $0.answersCreation = body }
  }

  /// Makes answers to such requests wait until the latch is opened; what they tell is what was there when they came.
  func hold(_ operation: Operation) -> Latch {
    let latch = Latch()
    state.withLock { $0.gates[operation] = latch }
    return latch
  }

  /// Holds no more requests to come.
  func letPass(_ operation: Operation) { state.withLock { $0.gates[operation] = nil } }

  /// Waits until so many requests of that kind came.
  func requests(_ operation: Operation, _ count: Int) async {
    let latch = Latch()
    state.withLock { state in
      if (state.counts[operation] ?? 0) >= count {
        latch.open()
      } else {
        state.observers.append((operation, count, latch))
      }
    }
    await latch.wait()
  }

  /// The stream of that number, from 0; waits until it was opened.
  func stream(_ number: Int) async -> FakeStream {
    await requests(.stream, number + 1)
    return state.withLock { $0.streams[number] }
  }

  static func error(_ code: BerayError.Code, _ status: Int? = nil, _ detail: String = "as the test wants it")
    -> BerayError
  {
    BerayError(code, status: status, detail: detail, operation: "test")
  }

  // MARK: - The service

  private func answer<Value: Sendable>(
    _ operation: Operation, _ make: (inout State) throws(BerayError) -> Value
  ) async throws(BerayError) -> Value {
    let (gate, failure, due, result) = state.withLock { state in
      state.counts[operation, default: 0] += 1
      let count = state.counts[operation] ?? 0
      let due = state.observers.filter { $0.operation == operation && $0.count <= count }
      state.observers.removeAll { $0.operation == operation && $0.count <= count }
      let failure = state.failures[operation]
      let result: Result<Value, BerayError>?
      if failure == nil {
        do throws(BerayError) { result = .success(try make(&state)) } catch { result = .failure(error) }
      } else {
        result = nil
      }
      return (state.gates[operation], failure, due, result)
    }
    for observer in due { observer.latch.open() }
    await gate?.wait()
    if let failure { throw failure }
    guard let result else { throw Self.error(.notFound, 404) }
    return try result.get()
  }

  private static func index(of id: TaskID, in state: State) throws(BerayError) -> Int {
    guard let index = state.tasks.firstIndex(where: { $0.id == id }) else {
      throw error(.notFound, 404, "no such task")
    }
    return index
  }

  func capabilities() async throws(BerayError) -> Capabilities { state.withLock { $0.capabilities } }

  func currentUser() async throws(BerayError) -> User {
    let user = try await answer(.user) { $0.user }
    do { return try User(json: user) } catch { throw Self.error(.invalidResponse) }
  }

  func createTask(_ request: TaskRequest) async throws(BerayError) -> BerayTask {
    let (task, change) = try await answer(.create) { state in
      let raw: JSON = ["id": JSON(state.nextID), "goal": .string(request.goal), "status": "RUNNING"]
      let task = BerayTask(
        id: TaskID(rawValue: state.nextID), goal: request.goal, status: TaskStatus("RUNNING"), events: [], raw: raw)
      state.nextID += 1
      state.tasks.append(task)
      state.created.append(request)
      return (task, state.answersCreation)
    }
    var answered = task
    answered.events = nil
    return try change?(answered) ?? answered
  }

  func tasks() async throws(BerayError) -> [BerayTask] {
    try await answer(.list) { state in
      state.tasks.map { task in
        var task = task
        task.events = nil
        return task
      }
    }
  }

  func task(_ id: TaskID) async throws(BerayError) -> BerayTask {
    try await answer(.task) { state throws(BerayError) in state.tasks[try Self.index(of: id, in: state)] }
  }

  @discardableResult func stopTask(_ id: TaskID) async throws(BerayError) -> JSON {
    try await answer(.stop) { state throws(BerayError) in
      let index = try Self.index(of: id, in: state)
      guard !state.tasks[index].status.isFinished else { throw Self.error(.conflict, 409, "it has ended") }
      state.tasks[index].status = TaskStatus("STOPPED")
      return ["message": "stopped"]
    }
  }

  @discardableResult func deleteTask(_ id: TaskID) async throws(BerayError) -> JSON {
    try await answer(.delete) { state throws(BerayError) in
      let index = try Self.index(of: id, in: state)
      guard state.tasks[index].status.isFinished else { throw Self.error(.conflict, 409, "it is running") }
      state.tasks.remove(at: index)
      return ["message": "deleted"]
    }
  }

  func updates(of id: TaskID, after lastEventID: String?) async throws(BerayError) -> TaskUpdates {
    let stream = FakeStream()
    try await answer(.stream) { $0.streams.append(stream) }
    return stream.updates
  }

  func fileTree(of id: TaskID, path: String, recursive: Bool) async throws(BerayError) -> [FileEntry] {
    try await answer(.tree) { _ in [] }
  }

  /// From now on, archives are what `body` makes.
  func answerArchives(_ body: @escaping @Sendable () -> ByteStream) { archives.withLock { $0 = body } }

  func archive(of id: TaskID, paths: [String]) async throws(BerayError) -> FileContent {
    let number = try await answer(.archive) { $0.counts[.archive] ?? 0 }
    if let body = archives.withLock({ $0 }) { return FileContent(body: body()) }
    return FileContent(body: ByteStream(Array("PK archive \(number)".utf8)))
  }

  func uploadFile(
    to id: TaskID, path: String, content: UploadBody, contentType: String?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    try await answer(.upload) { _ in UploadReceipt(raw: .null) }
  }

  // Not part of this server.
  func appendFile(
    to id: TaskID, path: String, content: UploadBody, key: String, when condition: VersionCondition?
  ) async throws(BerayError) -> AppendReceipt { throw Self.error(.notFound, 404) }
  func fileContent(
    of id: TaskID, path: String, range: ByteRange?, ifNoneMatch etag: String?
  ) async throws(BerayError) -> FileContent { throw Self.error(.notFound, 404) }
  func removeFile(of id: TaskID, path: String) async throws(BerayError) { throw Self.error(.notFound, 404) }
  func moveFile(
    of id: TaskID, from: String, to: String, overwrite: Bool, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    throw Self.error(.notFound, 404)
  }
  func makeDirectory(of id: TaskID, path: String) async throws(BerayError) { throw Self.error(.notFound, 404) }
  func setAttributes(
    of id: TaskID, path: String, mode: UInt16?, modified: UTCTime?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt { throw Self.error(.notFound, 404) }
}
