import Beray
import BerayAPI
import BerayFS
import BerayServer
import Foundation
import Logging
import Waiting

/// Tests an agent with one tiny task, on a temporary server that is removed afterwards.
struct AgentTrial {
  static let file = "hello.txt"
  static let goal =
    "Write a file named \(file) in the current directory that holds the one word hello. Do nothing else."

  let name: String
  let access: AgentAccess?
  let limit: Duration

  let context: Context

  /// Runs the task and prints its events.
  /// - Throws: ``CommandError`` that says why the agent does not work.
  func run() async throws {
    let environment = context.environment
    let preset = try AgentChoice.preset(named: name)
    let choice = AgentChoice(preset: name, access: access, configuration: UserConfiguration())
    let command = try choice.resolved(path: environment["PATH"])
    if let complaint = command.complaint(in: environment) { throw CommandError("\(name) cannot work: \(complaint)") }
    let directory = NSTemporaryDirectory() + "beray-agent-test-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var configuration = ServerConfiguration(dataDirectory: directory, agent: command, logger: Logger(label: "server"))
    configuration.unixSocket = directory + ".sock"
    configuration.environment = environment
    configuration.adoptsOrphans = true
    configuration.stopGrace = .seconds(2)
    let (ready, readiness) = AsyncStream.makeStream(of: Void.self)
    let server = BerayServer(configuration) { _ in readiness.yield(()) }
    let serving = Task {
      defer { readiness.finish() }
      try await server.run()
    }
    guard await ready.first(where: { true }) != nil else { return try await serving.value }
    let result: Result<Void, any Error>
    do { result = .success(try await ask(directory, preset)) } catch { result = .failure(error) }
    serving.cancel()
    _ = try? await serving.value
    try result.get()
  }

  private func ask(_ directory: String, _ preset: AgentPreset) async throws {
    let credentials = StaticCredentials(token: try LocalToken.read(dataDirectory: directory))
    let client = BerayClient(
      address: try ServerAddress(parsing: "unix:\(directory).sock"), credentials: credentials,
      logger: Logger(label: "client"))
    let goal = preset.name == "shell" ? "echo hello > \(Self.file)" : Self.goal
    let task = try await client.createTask(goal: goal)
    let ended = try await follow(task.id, client)
    let files = try FileManager.default.contentsOfDirectory(atPath: directory + "/tasks/\(task.id)/work")
    await client.shutdown()
    if ended.status.text != "COMPLETED" {
      throw CommandError(
        "\(name) failed: \(ended.error ?? ended.status.text)", advice: "'beray-fs agents' tells what it needs")
    }
    guard files.contains(Self.file) || preset.name == "demo" else {
      throw CommandError(
        "\(name) ended well but wrote no \(Self.file)",
        advice: "see what it was denied above, and try --agent-access commands")
    }
    try context.terminal.print("\(name) works")
  }

  /// Prints each event once, until the task ends or `limit` has passed.
  private func follow(_ id: TaskID, _ client: BerayClient) async throws -> BerayTask {
    let hasEnded = try await race {
      for try await event in client.follow(id) { try context.terminal.write(event.line(.text)) }
      return true
    } against: {
      try await context.pause(limit)
      return false
    }
    if hasEnded { return try await client.task(id) }
    _ = try await client.stopTask(id)
    throw CommandError("\(name) did not end within \(limit)", advice: "give it more time with --limit")
  }
}
