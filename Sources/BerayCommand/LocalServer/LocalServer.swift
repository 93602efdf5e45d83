import BerayServer
import Glibc
import LinuxSystem
import SystemPackage

/// The server of this machine: a process of its own, started when it is needed, which ends when it is idle.
///
/// Two processes that want it at once start it once: they meet at a lock, and whoever comes second finds it there.
struct LocalServer: Sendable {
  /// Seconds without a request or a running task after which it ends.
  static let idleTimeout = 600

  let paths: Paths
  let environment: [String: String]
  let agent: AgentChoice
  let configuration: UserConfiguration
  /// What must hold of a server that runs already.
  var demand = Demand.none

  enum Demand: Hashable, Sendable {
    /// Any server will do.
    case none
    /// It should have the keys that this process has for its agent. One that works on tasks keeps what it has, with a
    /// word of warning.
    case keys
    /// It must have this agent with these options and keys: another one gives way, or it is an error.
    case agent
  }

  /// Returns once it answers. Does nothing where it does already.
  func start() async throws(CommandError) {
    // Before anything is looked for there: what another user put into a directory of his own is no server of ours.
    try paths.makeSocketDirectory(data: paths.data)
    if let running = LocalServerProcess(at: paths.serverSocket), suits(running) { return }
    try PrivateDirectory.makeMissing(paths.state)
    let lock = try await Blocking.run { [paths] () throws(CommandError) in
      try FileLock(paths.serverLock(data: paths.data))
    }
    defer { lock.release() }
    if let running = LocalServerProcess(at: paths.serverSocket) {
      if suits(running) { return }
      let unfinished = await LocalServerState.current(paths: paths).unfinished
      if demand == .keys, unfinished != 0 || !running.startedByItself {
        let names = running.lacking(agent.variables, of: environment).joined(separator: ", ")
        return Terminal.note(
          "beray-fs: the local server (\(running.description)) has other values of \(names); it keeps them while it works"
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
    guard running.lacking(agent.variables, of: environment).isEmpty else { return false }
    guard demand == .agent else { return true }
    return running.agentOptions.map { $0 == agent.options } ?? (running.agent == agent.name)
  }

  var arguments: [String] {
    [
      "serve", "--socket", paths.serverSocket.string, "--data", paths.data.string, "--idle-timeout",
      String(Self.idleTimeout), "--ready-fd", "3",
    ] + agent.options
  }

  /// What the user's shell has, without the credentials for other servers.
  private var childEnvironment: [String: String] {
    environment.filter { !$0.key.hasPrefix("BERAY_") && $0.key != "NOTIFY_SOCKET" }
  }
}
