import Beray
import BerayAPI
import HTTPTypes
import Synchronization

@testable import BerayCommand

/// A world for commands in process: a terminal that keeps what is written, and a server with a list of tasks.
final class TestWorld: Sendable {
  let scratch = Scratch()
  let server: TaskServer
  private let written = Mutex((output: [UInt8](), errors: [UInt8]()))
  private let answers: Mutex<[String]>
  /// What standard input still has, in the pieces that it comes in.
  let typed = Mutex<[[UInt8]]>([])

  init(
    _ tasks: [(id: Int, status: String, created: String, updated: String, goal: String)] = [], answers: [String] = []
  ) {
    server = TaskServer(tasks)
    self.answers = Mutex(answers)
  }

  var output: String { written.withLock { String(decoding: $0.output, as: UTF8.self) } }
  var errors: String { written.withLock { String(decoding: $0.errors, as: UTF8.self) } }

  /// - Parameter columns: of a terminal; nil: output goes into a pipe.
  func run(_ words: String..., columns: Int? = nil, environment: [String: String] = [:]) async -> Int32 {
    await Program.run(words, in: context(columns: columns, environment: environment))
  }

  /// Output that goes into a pipe.
  var context: Context { context(columns: nil, environment: [:]) }

  private func context(columns: Int?, environment: [String: String]) -> Context {
    let environment = scratch.environment.merging(environment) { $1 }
    let hasAnswers = answers.withLock { !$0.isEmpty }
    let terminal = Terminal(
      output: .init(isTerminal: columns != nil) { bytes in self.written.withLock { $0.output += bytes } },
      errors: .init(isTerminal: columns != nil) { bytes in self.written.withLock { $0.errors += bytes } },
      usesColours: columns != nil && Terminal.allowsColours(environment), canAsk: hasAnswers,
      ask: { prompt, _ in
        self.written.withLock { $0.errors += Array("\(prompt)\n".utf8) }
        return self.answers.withLock { $0.isEmpty ? "" : $0.removeFirst() }
      }, columns: { columns })
    return Context(
      terminal: terminal,
      input: StandardInput { () throws(CommandError) in self.typed.withLock { $0.isEmpty ? [] : $0.removeFirst() } },
      environment: environment, now: { TestWorld.now },
      pause: { _ in
        try Task.checkCancellation()
        await Task.yield()
      },
      connect: { _, _, context in try self.connection(context) },
      localClient: { _, _ in try self.client(pause: { _ in }) }, startLog: { _, _ in })
  }

  /// A day after the tasks of most tests.
  static var now: UTCTime { UTCTime("2026-01-02T00:00:00Z") ?? UTCTime(seconds: 0) }

  private func connection(_ context: Context) throws -> Connection {
    let store = CredentialStore(path: try context.paths().credentialsFile)
    let source = try TokenSource(tokenFile: nil, environment: [:], store: store, server: "http://h", localData: nil)
    return Connection(
      client: try client(pause: context.pause),
      credentials: UserCredentials(source: source) { _, _ in throw CommandError("no login is asked for") },
      name: "http://h", isLocal: false, store: store, key: "http://h")
  }

  private func client(pause: @escaping @Sendable (Duration) async throws -> Void) throws -> BerayClient {
    var configuration = BerayClient.Configuration()
    configuration.retries = 0
    configuration.pause = pause
    return BerayClient(
      address: try ServerAddress(parsing: "http://localhost"), credentials: StaticCredentials(token: "t0ken"),
      configuration: configuration, transport: server)
  }
}

/// A server that knows tasks alone.
final class TaskServer: BerayClient.Transport {
  struct State {
    var tasks: [Int: JSON]
    /// What was asked, such as `DELETE tasks/3`.
    var requests: [String] = []
    /// How often it still gives no answer at all.
    var silences = 0
  }

  let state: Mutex<State>

  init(_ tasks: [(id: Int, status: String, created: String, updated: String, goal: String)]) {
    state = Mutex(State(tasks: Dictionary(uniqueKeysWithValues: tasks.map { ($0.id, Self.json($0)) })))
  }

  private static func json(
    _ task: (id: Int, status: String, created: String, updated: String, goal: String)
  ) -> JSON {
    [
      "id": JSON(task.id), "goal": .string(task.goal), "status": .string(task.status),
      "created_at": .string(task.created), "updated_at": .string(task.updated),
    ]
  }

  var requests: [String] { state.withLock { $0.requests } }

  func execute(_ request: TransportRequest) async throws(BerayError) -> TransportResponse {
    let answer: (status: Int, body: String)? = state.withLock { state in
      state.requests.append(request.operation)
      if state.silences > 0 {
        state.silences -= 1
        return nil
      }
      return Self.answer(request, &state)
    }
    guard let answer else {
      throw BerayError(.connectionRefused, detail: "no server listens there", operation: request.operation)
    }
    return TransportResponse(
      status: answer.status,
      headers: request.target.hasSuffix("/stream") ? [.contentType: "text/html"] : [.contentType: "application/json"],
      body: ByteStream(Array(answer.body.utf8)))
  }

  func shutdown() async {}

  private static func answer(_ request: TransportRequest, _ state: inout State) -> (status: Int, body: String) {
    let parts = request.operation.split(whereSeparator: { $0 == " " || $0 == "/" }).map(String.init)
    guard parts.count > 1, parts[1] == "tasks" else { return (404, #"{"detail":"Not Found"}"#) }
    guard parts.count > 2, let id = Int(parts[2]) else {
      return (200, JSON.array(state.tasks.sorted { $0.key < $1.key }.map(\.value)).serialized())
    }
    guard let task = state.tasks[id] else { return (404, #"{"detail":"Task not found"}"#) }
    switch (parts[0], parts.count > 3 ? parts[3] : "") {
    case ("DELETE", ""):
      state.tasks[id] = nil
      return (200, #"{"message":"Task \#(id) deleted"}"#)
    case ("POST", "stop"): return (200, #"{"message":"Task \#(id) stopped"}"#)
    case ("GET", "stream"): return (200, "no stream")
    default: return (200, task.serialized())
    }
  }
}
