import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting
import ZipArchive

@testable import BerayFS

/// A server in memory that has one work directory, and counts what is asked of it.
final class FakeWorkServer: TaskService {
  private struct State {
    var manner: Manner
    var files = FakeWorkFiles()
    var counts: [Operation: Int] = [:]
    var log: [String] = []
    /// Pieces of bodies that were sent.
    var pieces = 0
    var failures: [Operation: BerayError] = [:]
    /// The answers to appends, by their keys.
    var appends: [String: AppendReceipt] = [:]
    /// Requests that are done and whose answer is lost.
    var lost: Set<Operation> = []
    var gates: [Operation: Flight<Void, Errno>] = [:]
    var answerGates: [Operation: (reached: Flight<Void, Errno>, gate: Flight<Void, Errno>)] = [:]
    var observers: [(operation: Operation, count: Int, arrival: Flight<Void, Errno>)] = []
  }

  private let state: Mutex<State>

  init(_ manner: Manner = .full) { state = Mutex(State(manner: manner)) }

  // MARK: - What a test does

  func put(_ path: String, _ bytes: [UInt8]) { state.withLock { $0.files.put(path, bytes) } }
  func put(_ path: String, _ text: String) { put(path, Array(text.utf8)) }
  func setWeak(_ path: String, _ isWeak: Bool) { state.withLock { $0.files.setWeak(path, isWeak) } }
  func link(_ path: String, to target: String) { state.withLock { $0.files.link(path, to: target) } }
  func makeDirectory(_ path: String) { state.withLock { $0.files.makeDirectory(path) } }
  func setMode(of path: String, _ mode: UInt16) {
    state.withLock { $0.files.setAttributes(of: path, mode: mode, modified: nil) }
  }
  func delete(_ path: String) { state.withLock { _ = $0.files.remove(path) } }
  func removeDirectory(_ path: String) { delete(path) }
  func file(_ path: String) -> FakeWorkFiles.File? { state.withLock { $0.files[path] } }
  func text(_ path: String) -> String? { file(path).map { String(decoding: $0.bytes, as: UTF8.self) } }
  var paths: [String] { state.withLock { $0.files.files.keys.sorted().map(\.string) } }
  func count(_ operation: Operation) -> Int { state.withLock { $0.counts[operation] ?? 0 } }
  var pieces: Int { state.withLock { $0.pieces } }
  var total: Int { state.withLock { $0.counts.values.reduce(0, +) } }
  /// Every request, such as `content a.txt`.
  var log: [String] { state.withLock { $0.log } }
  func fail(_ operation: Operation, _ error: BerayError?) { state.withLock { $0.failures[operation] = error } }
  /// The next request of that kind is done, and its answer is lost.
  func loseAnswer(_ operation: Operation) { state.withLock { _ = $0.lost.insert(operation) } }
  func change(_ body: (inout Manner) -> Void) { state.withLock { body(&$0.manner) } }

  /// Makes requests of that kind wait until the arrival that is given back is finished.
  func hold(_ operation: Operation) -> Flight<Void, Errno> {
    let gate = Flight<Void, Errno>()
    state.withLock { $0.gates[operation] = gate }
    return gate
  }

  /// Makes the answer to the next change of a name wait for ``letGo(_:)``, after the change is done.
  /// - Returns: what ends when it is.
  func holdAnswer(_ operation: Operation) -> Flight<Void, Errno> {
    let reached = Flight<Void, Errno>()
    state.withLock { $0.answerGates[operation] = (reached, Flight()) }
    return reached
  }

  func letGo(_ operation: Operation) {
    let gates = state.withLock { state in
      [state.gates.removeValue(forKey: operation), state.answerGates.removeValue(forKey: operation)?.gate]
    }
    for gate in gates { gate?.finish(.success(())) }
  }

  private func answer(_ operation: Operation) async {
    guard let (reached, gate) = state.withLock({ $0.answerGates[operation] }) else { return }
    reached.finish(.success(()))
    _ = try? await gate.value()
  }

  /// Waits until so many requests of that kind came.
  func requests(_ operation: Operation, _ count: Int) async {
    let arrival = Flight<Void, Errno>()
    state.withLock { state in
      if (state.counts[operation] ?? 0) >= count {
        arrival.finish(.success(()))
      } else {
        state.observers.append((operation, count, arrival))
      }
    }
    _ = try? await arrival.value()
  }

  private func begin(_ operation: Operation, _ path: String) async throws(BerayError) {
    let (gate, due) = state.withLock { state in
      state.counts[operation, default: 0] += 1
      state.log.append("\(operation) \(path)")
      let count = state.counts[operation] ?? 0
      let due = state.observers.filter { $0.operation == operation && $0.count <= count }
      state.observers.removeAll { $0.operation == operation && $0.count <= count }
      return (state.gates[operation], due)
    }
    for observer in due { observer.arrival.finish(.success(())) }
    if let gate { _ = try? await gate.value() }
    guard !Task.isCancelled else { throw Self.error(.cancelled) }
    if let failure = state.withLock({ $0.failures[operation] }) { throw failure }
  }

  static func error(_ code: BerayError.Code, _ status: Int? = nil) -> BerayError {
    BerayError(code, status: status, detail: "as the test wants it", operation: "test")
  }

  // MARK: - Files

  func capabilities() async throws(BerayError) -> Capabilities {
    // Not counted: it is asked for once.
    if let failure = state.withLock({ $0.failures[.capabilities] }) { throw failure }
    return state.withLock { $0.manner.capabilities }
  }

  func fileTree(of id: TaskID, path: String, recursive: Bool) async throws(BerayError) -> [FileEntry] {
    try await begin(.tree, path)
    guard path == "." || state.withLock({ $0.files.has(path) }) else { throw Self.error(.notFound, 404) }
    return state.withLock {
      $0.files.entries(of: path == "." ? "" : path, depth: recursive ? $0.manner.depth : 0, $0.manner)
    }
  }

  func fileContent(
    of id: TaskID, path: String, range: ByteRange?, ifNoneMatch etag: String?
  ) async throws(BerayError) -> FileContent {
    try await begin(.content, path)
    let (found, manner) = state.withLock { ($0.files[path], $0.manner) }
    guard let file = found else { throw Self.error(.notFound, 404) }
    let tag = manner.sendsTags ? file.tag : nil
    if let tag, tag == etag { return FileContent(isUnchanged: true, etag: tag, body: ByteStream([])) }
    let sent = manner.distorts?(file.bytes) ?? file.bytes
    var bytes = sent[...]
    var offset: Int64 = 0
    if let range, manner.capabilities.contains(.ranges), !manner.ignoresRanges {
      guard range.offset < bytes.count else { throw Self.error(.api, 416) }
      bytes = bytes[Int(range.offset)..<min(Int(range.offset + range.count), bytes.count)]
      offset = range.offset
    }
    let (rest, piece, all) = (bytes, manner.piece, bytes)
    let body = ByteStream { [self] in
      var rest = rest
      return { () async throws(BerayError) in
        guard !Task.isCancelled else { throw Self.error(.cancelled) }
        if manner.isEndless, rest.count <= piece { rest += all }
        guard !rest.isEmpty else { return nil }
        defer { rest = rest.dropFirst(piece) }
        self.state.withLock { $0.pieces += 1 }
        return Array(rest.prefix(piece))
      }
    }
    return FileContent(
      offset: offset, size: manner.sendsLength ? Int64(sent.count) : nil, etag: tag, body: body)
  }

  func uploadFile(
    to id: TaskID, path: String, content: UploadBody, contentType: String?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    try await begin(.upload, path)
    let bytes = try await content.open().collect(upTo: .max)
    try check(condition, path)
    put(path, bytes)
    return try receipt(.upload, path)
  }

  func appendFile(
    to id: TaskID, path: String, content: UploadBody, key: String, when condition: VersionCondition?
  ) async throws(BerayError) -> AppendReceipt {
    try await begin(.append, path)
    if let done = state.withLock({ $0.appends[key] }) { return done }
    let bytes = try await content.open().collect(upTo: .max)
    try check(condition, path)
    let offset = state.withLock { state in
      let present = state.files[path]?.bytes ?? []
      state.files.put(path, present + bytes)
      return Int64(present.count)
    }
    let (file, tells) = state.withLock { ($0.files[path], $0.manner.tellsTags) }
    let receipt = UploadReceipt(
      etag: tells ? file?.tag : nil, modified: file?.modified, size: file.map { Int64($0.bytes.count) },
      date: file?.modified, raw: .null)
    let answer = AppendReceipt(file: receipt, offset: offset)
    let isLost = state.withLock { state in
      state.appends[key] = answer
      return state.lost.remove(.append) != nil
    }
    if isLost { throw Self.error(.connectionLost) }
    return answer
  }

  private func check(_ condition: VersionCondition?, _ path: String) throws(BerayError) {
    let (file, manner) = state.withLock { ($0.files[path], $0.manner) }
    guard manner.capabilities.contains(.conditionalUploads) else { return }
    switch condition {
    case .absent where file != nil: throw Self.error(.api, 412)
    case .matching(let etag) where file?.tag != etag: throw Self.error(.api, 412)
    default: break
    }
  }

  private func receipt(_ operation: Operation, _ path: String) throws(BerayError) -> UploadReceipt {
    let (file, manner, isLost) = state.withLock { state in
      (state.files[path], state.manner, state.lost.remove(operation) != nil)
    }
    if isLost { throw Self.error(.connectionLost) }
    let date = file.map { UTCTime(seconds: $0.modified.seconds - manner.dateLag) }
    guard manner.tellsTags, let file else { return UploadReceipt(date: date, raw: .null) }
    return UploadReceipt(
      etag: file.tag, modified: file.modified, size: Int64(file.bytes.count), date: date, raw: .null)
  }

  func archive(of id: TaskID, paths: [String]) async throws(BerayError) -> FileContent {
    try await begin(.archive, "\(paths.count)")
    let (files, manner) = state.withLock { ($0.files, $0.manner) }
    guard manner.hasArchives else { throw Self.error(.api, 501) }
    do {
      let writer = try ZipWriter()
      for path in paths {
        guard let file = files[path] else { continue }
        try writer.begin(ZipEntry(name: path, kind: .file, size: Int64(file.bytes.count), mode: 0o644, modified: 0))
        try writer.write(file.bytes)
      }
      try writer.finish()
      return FileContent(body: ByteStream(writer.takeOutput()))
    } catch {
      throw Self.error(.invalidResponse)
    }
  }

  func removeFile(of id: TaskID, path: String) async throws(BerayError) {
    try await begin(.remove, path)
    guard state.withLock({ $0.files.remove(path) }) else { throw Self.error(.notFound, 404) }
    await answer(.remove)
  }

  func moveFile(
    of id: TaskID, from: String, to: String, overwrite: Bool, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    try await begin(.move, "\(from) \(to)")
    try check(condition, to)
    let isDone = state.withLock { state in
      guard overwrite || !state.files.has(to) else { return false }
      state.files.move(from, to: to)
      return true
    }
    guard isDone else { throw Self.error(.conflict, 409) }
    await answer(.move)
    return UploadReceipt(etag: nil, modified: nil, raw: .null)
  }

  func makeDirectory(of id: TaskID, path: String) async throws(BerayError) {
    try await begin(.directory, path)
    let isDone = state.withLock { state in
      guard !state.files.has(path) else { return false }
      state.files.makeDirectory(path)
      return true
    }
    guard isDone else { throw Self.error(.conflict, 409) }
    await answer(.directory)
  }

  func setAttributes(
    of id: TaskID, path: String, mode: UInt16?, modified: UTCTime?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    try await begin(.attributes, path)
    try check(condition, path)
    state.withLock { $0.files.setAttributes(of: path, mode: mode, modified: modified) }
    return try receipt(.attributes, path)
  }

  // MARK: - Tasks: there is one, which has ended

  static let task = TaskID(rawValue: 7)
  private static let ended = BerayTask(
    id: task, goal: "t", status: TaskStatus("COMPLETED"), events: [],
    raw: ["id": 7, "goal": "t", "status": "COMPLETED"])

  func currentUser() async throws(BerayError) -> User { throw Self.error(.notFound, 404) }
  func createTask(_ request: TaskRequest) async throws(BerayError) -> BerayTask {
    throw Self.error(.notFound, 404)
  }
  func tasks() async throws(BerayError) -> [BerayTask] { [Self.ended] }
  func task(_ id: TaskID) async throws(BerayError) -> BerayTask { Self.ended }
  func stopTask(_ id: TaskID) async throws(BerayError) -> JSON { .null }
  func deleteTask(_ id: TaskID) async throws(BerayError) -> JSON { .null }
  func updates(of id: TaskID, after lastEventID: String?) async throws(BerayError) -> TaskUpdates {
    throw Self.error(.notFound, 404)
  }
}
