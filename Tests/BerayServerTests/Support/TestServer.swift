import BerayAPI
import BerayServer
import Foundation
import LinuxSystem
import Logging
import Synchronization
import Testing

/// A server of a test's own, on a port that the system chose and on a unix socket.
struct TestServer: Sendable {
  let client: TestClient
  let socketClient: TestClient
  let addresses: BoundAddresses
  let dataDirectory: String
  let log: CapturedLog

  /// Runs a server for as long as `body` lasts, with a client that is the local user.
  static func run<Result: Sendable>(
    agent: AgentCommand = .shell, dataDirectory given: String? = nil, clock: any Clock<Duration> = ContinuousClock(),
    configure: (inout ServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (TestServer) async throws -> Result
  ) async throws -> Result {
    let directory = given ?? temporaryDirectory()
    defer { if given == nil { try? FileManager.default.removeItem(atPath: directory) } }
    let log = CapturedLog()
    var configuration = ServerConfiguration(
      dataDirectory: directory, agent: agent, logger: Logger(label: "test") { _ in log })
    configuration.tcp = .init(port: 0)
    configuration.unixSocket = directory + "/s/socket"
    configuration.stopGrace = .milliseconds(300)
    configuration.environment = ProcessEnvironment.current()
    configure(&configuration)
    let (ready, readiness) = AsyncStream.makeStream(of: BoundAddresses.self)
    let server = BerayServer(configuration, clock: clock) { readiness.yield($0) }
    let serving = Task {
      defer { readiness.finish() }
      try await server.run()
    }
    guard let addresses = await ready.first(where: { _ in true }) else {
      try await serving.value
      throw CancellationError()
    }
    let token = try LocalToken.read(dataDirectory: directory)
    let test = TestServer(
      client: TestClient(place: .port(addresses.port ?? 0), token: token),
      socketClient: TestClient(place: .socket(addresses.unixSocket ?? ""), token: token), addresses: addresses,
      dataDirectory: directory, log: log)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(test)) } catch { result = .failure(error) }
    serving.cancel()
    try await serving.value
    return try result.get()
  }

  /// A client without a token.
  var stranger: TestClient { TestClient(place: client.place) }

  static func temporaryDirectory() -> String {
    let path = NSTemporaryDirectory() + "beray-server-test-" + UUID().uuidString.prefix(8)
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  /// Creates a task and gives its id.
  func createTask(_ goal: String, tools: JSON = .null) async throws -> Int64 {
    let response = try await client.post("/api/v1/tasks/", ["goal": .string(goal), "tools": tools])
    #expect(response.status == 200)
    return try #require(response.json["id"]?.intValue)
  }

  /// Creates a task and follows it to its end.
  func runTask(_ goal: String) async throws -> (id: Int64, events: [JSON]) {
    let id = try await createTask(goal)
    return (id, try await follow(id))
  }

  /// The messages of a task's stream to its end.
  func follow(_ id: Int64, after last: String? = nil) async throws -> [JSON] {
    let response = try await client.get(
      "/api/v1/tasks/\(id)/stream", headers: last.map { ["Last-Event-ID": $0] } ?? [:])
    #expect(response.status == 200)
    return response.messages.map(\.json)
  }

  func workDirectory(_ id: Int64) -> String { dataDirectory + "/tasks/\(id)/work" }
}

extension AgentCommand {
  static var shell: AgentCommand { AgentPreset.named("shell")!.command()! }
}

/// Keeps what was logged.
final class CapturedLog: LogHandler, Sendable {
  private struct Waiter {
    let matches: @Sendable (String) -> Bool
    let continuation: CheckedContinuation<Void, Never>
  }

  private let messages = Mutex<[String]>([])
  private let waiters = Mutex<[Waiter]>([])
  private let mirror = Mutex<String?>(nil)

  /// Appends every later message to a file.
  func mirror(to path: String) {
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    mirror.withLock { $0 = path }
  }

  /// Returns once a message was logged that fits.
  func first(where matches: @escaping @Sendable (String) -> Bool) async {
    await withCheckedContinuation { continuation in
      waiters.withLock { $0.append(Waiter(matches: matches, continuation: continuation)) }
      wake()
    }
  }

  private func wake() {
    let all = all
    let ready = waiters.withLock { waiters in
      let ready = waiters.filter { all.contains(where: $0.matches) }
      waiters.removeAll { all.contains(where: $0.matches) }
      return ready
    }
    for waiter in ready { waiter.continuation.resume() }
  }

  var all: [String] { messages.withLock { $0 } }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .info }
    set {}
  }
  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    messages.withLock { $0.append("\(event.message)") }
    wake()
    guard let path = mirror.withLock(\.self), let file = FileHandle(forWritingAtPath: path) else { return }
    file.seekToEndOfFile()
    file.write(Data("\(event.message)\n".utf8))
  }
}
