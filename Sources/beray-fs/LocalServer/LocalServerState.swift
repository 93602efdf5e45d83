import BerayAPI
import BerayClient
import BerayServer
import Logging
import SystemPackage

/// Whether the local server runs, and with how many tasks. Asking does not start it.
struct LocalServerState: Sendable {
  let socket: String
  let log: String
  let data: String
  let isRunning: Bool
  /// Nil where it could not be asked.
  let tasks: [BerayTask]?

  static func current(paths: Paths) async -> LocalServerState {
    let isRunning = UnixSocket.isListening(paths.serverSocket)
    var tasks: [BerayTask]?
    if isRunning, let address = try? ServerAddress(parsing: "unix:\(paths.serverSocket)") {
      var settings = Configuration()
      settings.timeouts = Timeouts(metadata: .seconds(2))
      let credentials = StaticCredentials(token: try? LocalToken.read(dataDirectory: paths.data.string))
      let client = BerayClient(
        address: address, credentials: credentials, configuration: settings, logger: Logger(label: "client"))
      tasks = try? await client.tasks()
      await client.shutdown()
    }
    return LocalServerState(
      socket: paths.serverSocket.string, log: paths.serverLog.string, data: paths.data.string, isRunning: isRunning,
      tasks: tasks)
  }

  private var unfinished: Int? { tasks.map { $0.count { !$0.status.isFinished } } }

  var json: JSON {
    [
      "running": .bool(isRunning), "address": .string("unix:\(socket)"), "data": .string(data), "log": .string(log),
      "tasks": tasks.map { JSON($0.count) } ?? .null, "unfinishedTasks": unfinished.map { JSON($0) } ?? .null,
    ]
  }

  var summary: String {
    guard isRunning else { return "not running; it starts when it is needed" }
    let counts = tasks.map { "\($0.count) tasks, \(unfinished ?? 0) unfinished" } ?? "gives no answer"
    return "running at unix:\(socket), \(counts)"
  }
}
