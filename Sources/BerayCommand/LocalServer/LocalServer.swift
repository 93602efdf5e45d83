import BerayServer
import Glibc
import SystemPackage

/// The server of this machine: a process of its own that is started when it is needed and ends when it is idle.
///
/// Two processes that want it at once start it once: they meet at a lock, and whoever comes second finds it there.
struct LocalServer: Sendable {
  /// Seconds without a request or a running task after which it ends.
  static let idleTimeout = 600

  let paths: Paths
  let environment: [String: String]
  let agent: AgentChoice
  /// Whether its preset was asked for now: then a server with another one gives way, or it is an error.
  var insistsOnAgent = false

  /// Returns once it answers. Does nothing where it does already.
  func start() async throws(CommandError) {
    // Before anything is looked for there: what another user put into a directory of his own is no server of ours.
    try PrivateDirectory.make(paths.runtime)
    if let running = LocalServerProcess(at: paths.serverSocket), suits(running) { return }
    try PrivateDirectory.makeMissing(paths.state)
    let lock = try await Blocking.run { [paths] () throws(CommandError) in
      try FileLock(paths.serverLock(data: paths.data))
    }
    defer { lock.release() }
    if let running = LocalServerProcess(at: paths.serverSocket) {
      if suits(running) { return }
      let unfinished = await LocalServerState.current(paths: paths).unfinished
      try await Blocking.run { () throws(CommandError) in try running.giveWay(unfinishedTasks: unfinished) }
    }
    do throws(CommandError) {
      try await Blocking.run { [self] () throws(CommandError) in
        try BackgroundProcess.start(
          arguments: arguments, environment: childEnvironment, log: .appending(paths.serverLog))
      }
    } catch {
      throw CommandError("the local server did not start: \(error.what)", advice: "see \(paths.serverLog)")
    }
  }

  private func suits(_ running: LocalServerProcess) -> Bool { !insistsOnAgent || running.agent == agent.preset }

  var arguments: [String] {
    [
      "serve", "--socket", paths.serverSocket.string, "--data", paths.data.string, "--idle-timeout",
      String(Self.idleTimeout), "--ready-fd", "3",
    ] + agent.options
  }

  /// What the user's shell has, without the credentials for other servers.
  private var childEnvironment: [String: String] {
    environment.filter { !$0.key.hasPrefix("BERAY_") }
  }
}
