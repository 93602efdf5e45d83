import Beray
import BerayAPI
import SystemPackage

/// Whether the local server runs, and which tasks it has. Asking does not start it.
struct LocalServerState: Sendable {
  let socket: String
  let log: String
  let data: String
  /// Nil if it does not run.
  let process: LocalServerProcess?
  /// Nil if it could not be asked.
  let tasks: [BerayTask]?

  static func current(paths: Paths, data: FilePath? = nil, in context: Context) async -> LocalServerState {
    let data = data ?? paths.data
    let socket = paths.serverSocket(data: data)
    let process = LocalServerProcess(at: socket)
    var tasks: [BerayTask]?
    if process != nil, let client = try? context.localClient(socket, data) {
      tasks = try? await client.tasks()
      await client.shutdown()
    }
    return LocalServerState(
      socket: socket.string, log: paths.serverLog.string, data: data.string, process: process,
      tasks: tasks)
  }

  /// How many tasks have not ended; nil if the server could not be asked.
  var unfinished: Int? { tasks.map { $0.count { !$0.status.isFinished } } }

  /// Words for a number of tasks; nil if it is not known.
  static func count(_ tasks: Int?) -> String {
    switch tasks {
    case 1: "1 task"
    case let tasks?: "\(tasks) tasks"
    case nil: "an unknown number of tasks"
    }
  }

  var json: JSON {
    [
      "running": .bool(process != nil), "pid": process.map { JSON(Int($0.id)) } ?? .null,
      "agent": (process?.agent).map { .string($0) } ?? .null, "address": .string("unix:\(socket)"),
      "data": .string(data), "log": .string(log),
      "tasks": tasks.map { JSON($0.count) } ?? .null, "unfinishedTasks": unfinished.map { JSON($0) } ?? .null,
    ]
  }

  var summary: String {
    guard let process else { return "not running; it starts when it is needed" }
    let counts = tasks.map { "\(Self.count($0.count)), \(unfinished ?? 0) unfinished" } ?? "gives no answer"
    return "\(process.description), at unix:\(socket), \(counts)"
  }
}
