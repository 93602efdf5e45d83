import BerayServer
import Glibc
import LinuxSystem
import SystemPackage

/// The server of this machine: a separate process that starts on demand and ends when it is idle.
///
/// A lock keeps two processes from starting it twice: the second one finds it running.
struct LocalServer: Sendable {
  /// The server ends after this many seconds without a request or a running task.
  static let idleTimeout = 600

  let paths: Paths
  let context: Context
  let agent: AgentChoice
  let configuration: UserConfiguration
  /// What a server that already runs must have.
  var demand = Demand.none

  enum Demand: Hashable, Sendable {
    /// Any server will do.
    case none
    /// It should have this process's keys for its agent. If it is busy, or a person started it, it keeps its own keys
    /// with a warning.
    case keys
    /// It must have this agent with these options and keys. Any other server is replaced, or starting fails.
    case agent
  }

  /// Returns once the server answers. Does nothing if a suitable one already runs.
  func start() async throws(CommandError) {
    // Check the directory before looking into it. A directory of another user could contain a false socket.
    try paths.makeSocketDirectory(data: paths.data)
    if let running = LocalServerProcess(at: paths.serverSocket), suits(running) { return }
    try PrivateDirectory.makeMissing(paths.state)
    let lock = try await Blocking.run { [paths] () throws(CommandError) in
      try FileLock(paths.serverLock(data: paths.data))
    }
    defer { lock.release() }
    if let running = LocalServerProcess(at: paths.serverSocket) {
      if suits(running) { return }
      let unfinished = await LocalServerState.current(paths: paths, in: context).unfinished
      if demand == .keys, unfinished != 0 || !running.startedByItself {
        let names = running.lacking(agent.variables, of: context.environment).joined(separator: ", ")
        return context.note(
          "beray-fs: the local server (\(running.description)) keeps its own values of \(names) until it ends"
        )
      }
      let wanted = "agent \(agent.name)"
      try await Blocking.run { () throws(CommandError) in
        try running.giveWay(unfinishedTasks: unfinished, to: wanted)
      }
    }
    do throws(CommandError) {
      try await Blocking.run { [self] () throws(CommandError) in
        try BackgroundProcess.start(
          arguments: arguments, environment: childEnvironment, log: .appending(paths.serverLog))
      }
    } catch {
      throw CommandError("the local server did not start: \(error.what)", advice: "see \(paths.serverLog)")
    }
    if demand == .agent { try AgentRecord(agent, configuration: configuration).write(data: paths.data) }
  }

  private func suits(_ running: LocalServerProcess) -> Bool {
    if demand == .none { return true }
    guard running.lacking(agent.variables, of: context.environment).isEmpty else { return false }
    guard demand == .agent else { return true }
    return running.agentOptions.map { $0 == agent.options } ?? (running.agent == agent.name)
  }

  var arguments: [String] {
    [
      "serve", "--socket", paths.serverSocket.string, "--data", paths.data.string, "--idle-timeout",
      String(Self.idleTimeout), "--ready-fd", "3",
    ] + agent.options
  }

  /// The user's environment without `BERAY_*`, which can hold credentials for other servers.
  private var childEnvironment: [String: String] {
    context.environment.filter { !$0.key.hasPrefix("BERAY_") && $0.key != "NOTIFY_SOCKET" }
  }
}
