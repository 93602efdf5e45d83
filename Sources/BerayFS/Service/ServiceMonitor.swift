import Beray
import BerayAPI
import Synchronization
import VFS

/// A ``TaskService`` that wraps another: it counts requests, and knows whether the server answers.
final class ServiceMonitor: TaskService {
  /// How the last requests went.
  struct Health: Sendable {
    var requests: [String: Int] = [:]
    /// How long they took until their answer began, all together.
    var durations: [String: Duration] = [:]
    var failures = 0
    /// Bytes of files: what was uploaded and arrived, and what came.
    var bytesSent: Int64 = 0
    var bytesReceived: Int64 = 0
    var openStreams = 0
    /// The last failure in which no answer came, since the last answer; nil while the server answers.
    var outage: (error: BerayError, since: Timestamp)?
    /// Whether the server took no token at the last request (401).
    var isRefused = false
    var user: User?
  }

  private let service: any TaskService
  private let time: TimeSource
  private let state = Mutex(Health())

  init(_ service: any TaskService, time: TimeSource) {
    self.service = service
    self.time = time
  }

  var executor: (any TaskExecutor)? { service.executor }
  var health: Health { state.withLock { $0 } }
  /// Whether the last request got an answer. If not, nothing that can be shown stale waits for the network.
  var isReachable: Bool { state.withLock { $0.outage == nil } }

  func rememberUser() async throws(BerayError) {
    let user = try await currentUser()
    state.withLock { $0.user = user }
  }

  private func watch<Value>(
    _ name: String, _ body: () async throws(BerayError) -> Value
  ) async throws(BerayError) -> Value {
    let start = time.uptime()
    state.withLock { $0.requests[name, default: 0] += 1 }
    defer { state.withLock { $0.durations[name, default: .zero] += time.uptime() - start } }
    do {
      let value = try await body()
      state.withLock { state in
        state.outage = nil
        state.isRefused = false
      }
      return value
    } catch {
      state.withLock { state in
        switch error.code {
        case .cancelled, .tooManyOpenFiles: break
        case .connectionRefused, .hostUnreachable, .connectionLost, .timedOut, .secureConnectionFailed:
          state.failures += 1
          state.outage = (error, state.outage?.since ?? time.now())
        default:
          state.failures += 1
          state.outage = nil
          state.isRefused = error.status == 401
        }
      }
      throw error
    }
  }

  func capabilities() async throws(BerayError) -> Capabilities {
    try await service.capabilities()
  }

  func forgetCapabilities() { service.forgetCapabilities() }

  func currentUser() async throws(BerayError) -> User {
    try await watch("users/me") { () async throws(BerayError) in try await service.currentUser() }
  }

  func createTask(_ request: TaskRequest) async throws(BerayError) -> BerayTask {
    try await watch("create") { () async throws(BerayError) in
      try await service.createTask(request)
    }
  }

  func tasks() async throws(BerayError) -> [BerayTask] {
    try await watch("list") { () async throws(BerayError) in try await service.tasks() }
  }

  func task(_ id: TaskID) async throws(BerayError) -> BerayTask {
    try await watch("task") { () async throws(BerayError) in try await service.task(id) }
  }

  func stopTask(_ id: TaskID) async throws(BerayError) -> JSON {
    try await watch("stop") { () async throws(BerayError) in try await service.stopTask(id) }
  }

  func deleteTask(_ id: TaskID) async throws(BerayError) -> JSON {
    try await watch("delete") { () async throws(BerayError) in try await service.deleteTask(id) }
  }

  func updates(of id: TaskID, after lastEventID: String?) async throws(BerayError) -> TaskUpdates {
    let updates = try await watch("stream") { () async throws(BerayError) in
      try await service.updates(of: id, after: lastEventID)
    }
    let open = OpenStream(self)
    return TaskUpdates {
      var iterator = updates.makeAsyncIterator()
      return { () async throws(BerayError) in
        let update = try await iterator.next()
        withExtendedLifetime(open) {}
        return update
      }
    }
  }

  func fileTree(of id: TaskID, path: String, recursive: Bool) async throws(BerayError) -> [FileEntry] {
    try await watch("tree") { () async throws(BerayError) in
      try await service.fileTree(of: id, path: path, recursive: recursive)
    }
  }

  func fileContent(
    of id: TaskID, path: String, range: ByteRange?, ifNoneMatch etag: String?
  ) async throws(BerayError) -> FileContent {
    counted(
      try await watch("content") { () async throws(BerayError) in
        try await service.fileContent(of: id, path: path, range: range, ifNoneMatch: etag)
      })
  }

  /// The same content, whose bytes are counted as they come.
  private func counted(_ content: FileContent) -> FileContent {
    var counted = content
    counted.body = ByteStream { [self] in
      var pieces = content.body.makeAsyncIterator()
      return { () async throws(BerayError) in
        let piece = try await pieces.next()
        if let piece { self.state.withLock { $0.bytesReceived += Int64(piece.count) } }
        return piece
      }
    }
    return counted
  }

  func uploadFile(
    to id: TaskID, path: String, content: UploadBody, contentType: String?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    let receipt = try await watch("upload") { () async throws(BerayError) in
      try await service.uploadFile(
        to: id, path: path, content: content, contentType: contentType, when: condition)
    }
    state.withLock { $0.bytesSent += content.length }
    return receipt
  }

  func appendFile(
    to id: TaskID, path: String, content: UploadBody, key: String, when condition: VersionCondition?
  ) async throws(BerayError) -> AppendReceipt {
    let receipt = try await watch("append") { () async throws(BerayError) in
      try await service.appendFile(to: id, path: path, content: content, key: key, when: condition)
    }
    state.withLock { $0.bytesSent += content.length }
    return receipt
  }

  func archive(of id: TaskID, paths: [String]) async throws(BerayError) -> FileContent {
    counted(
      try await watch("archive") { () async throws(BerayError) in try await service.archive(of: id, paths: paths) })
  }

  func removeFile(of id: TaskID, path: String) async throws(BerayError) {
    try await watch("remove") { () async throws(BerayError) in try await service.removeFile(of: id, path: path) }
  }

  func moveFile(
    of id: TaskID, from: String, to: String, overwrite: Bool, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    try await watch("move") { () async throws(BerayError) in
      try await service.moveFile(of: id, from: from, to: to, overwrite: overwrite, when: condition)
    }
  }

  func makeDirectory(of id: TaskID, path: String) async throws(BerayError) {
    try await watch("directory") { () async throws(BerayError) in
      try await service.makeDirectory(of: id, path: path)
    }
  }

  func setAttributes(
    of id: TaskID, path: String, mode: UInt16?, modified: UTCTime?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    try await watch("attributes") { () async throws(BerayError) in
      try await service.setAttributes(of: id, path: path, mode: mode, modified: modified, when: condition)
    }
  }

  /// Counts a stream for as long as it is read.
  private final class OpenStream: Sendable {
    private let monitor: ServiceMonitor

    init(_ monitor: ServiceMonitor) {
      self.monitor = monitor
      monitor.state.withLock { $0.openStreams += 1 }
    }

    deinit { monitor.state.withLock { $0.openStreams -= 1 } }
  }
}
