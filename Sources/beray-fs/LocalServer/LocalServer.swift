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
  /// The preset of its agent; nil: the default one.
  let agent: String?
  /// A command instead of a preset.
  let agentCommand: [String]?

  /// Returns once it answers. Does nothing where it does already.
  @concurrent
  func start() async throws(CommandError) {
    if UnixSocket.isListening(paths.serverSocket) { return }
    try PrivateDirectory.make(paths.runtime)
    try PrivateDirectory.makeMissing(paths.state)
    try FileLock.holding(paths.runtime.appending("server.lock")) { () throws(CommandError) in
      if UnixSocket.isListening(paths.serverSocket) { return }
      do throws(CommandError) {
        try BackgroundProcess.start(
          arguments: arguments, environment: childEnvironment, log: .appending(paths.serverLog))
      } catch {
        throw CommandError("the local server did not start: \(error.what)", advice: "see \(paths.serverLog)")
      }
    }
  }

  var arguments: [String] {
    var words = [
      "serve", "--socket", paths.serverSocket.string, "--data", paths.data.string, "--idle-timeout",
      String(Self.idleTimeout), "--ready-fd", "3",
    ]
    if let agent { words += ["--agent", agent] }
    if let agentCommand { words += ["--agent-command"] + agentCommand }
    return words
  }

  /// What the user's shell has, without the credentials for other servers.
  private var childEnvironment: [String: String] {
    environment.filter { !$0.key.hasPrefix("BERAY_") }
  }
}
