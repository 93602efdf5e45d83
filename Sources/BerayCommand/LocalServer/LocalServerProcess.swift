import Glibc
import LinuxSystem
import SystemPackage

/// The process that listens on the socket of the local server.
struct LocalServerProcess: Hashable, Sendable {
  /// How long it may take to end.
  static let endLimit = Duration.seconds(10)

  let id: pid_t
  /// Its command line, with the program's name first.
  let arguments: [String]

  /// The process that listens at `socket`; nil if there is none.
  init?(at socket: FilePath) {
    guard let id = UnixSocket.listener(socket) else { return nil }
    self.init(id: id, arguments: Self.arguments(of: id))
  }

  init(id: pid_t, arguments: [String]) {
    self.id = id
    self.arguments = arguments
  }

  /// Whether a mount or a command started it on demand, and not a person with `beray-fs serve`.
  var startedByItself: Bool { options.contains("--idle-timeout") }

  /// Its arguments, without the agent's command.
  private var options: ArraySlice<String> { arguments.prefix { $0 != "--agent-command" } }

  /// Its agent; nil if the command line names none.
  var agent: String? {
    if let index = arguments.firstIndex(of: "--agent-command") {
      return arguments[(index + 1)...].joined(separator: " ")
    }
    if let index = options.firstIndex(of: "--agent"), index + 1 < options.endIndex { return options[index + 1] }
    if let word = options.first(where: { $0.hasPrefix("--agent=") }) {
      return String(word.dropFirst("--agent=".count))
    }
    return startedByItself ? "demo" : nil
  }

  /// The options of its agent, which come last; nil if it was not started on demand.
  var agentOptions: [String]? {
    guard startedByItself, let index = arguments.firstIndex(of: "--ready-fd") else { return nil }
    return Array(arguments.dropFirst(index + 2))
  }

  /// The variables in `environment` that the server lacks or has with another value.
  func lacking(_ names: [String], of environment: [String: String]) -> [String] {
    let own = ProcessEnvironment.of(id)
    return names.filter { name in environment[name].map { $0 != own[name] } ?? false }
  }

  var description: String { "process \(id)" + (agent.map { ", agent \($0)" } ?? "") }

  /// Ends an idle server that was started on demand, so that another one can take its place. The caller holds the
  /// server's lock, so that nobody starts it again in between.
  /// - Parameter wanted: describes the other server, for the error message.
  func giveWay(unfinishedTasks: Int?, to wanted: String = "another server") throws(CommandError) {
    guard startedByItself else {
      throw CommandError(
        "cannot start \(wanted): 'beray-fs serve' already runs (\(description))",
        advice: "stop it first, leave out --agent, or use another data directory (XDG_DATA_HOME)")
    }
    guard unfinishedTasks == 0 else {
      throw CommandError(
        "cannot start \(wanted): the local server (\(description)) works on \(LocalServerState.count(unfinishedTasks))",
        advice: "wait for them or stop them ('beray-fs task list' names them)")
    }
    try end()
  }

  func end() throws(CommandError) {
    let hasEnded: Bool
    do throws(Errno) {
      let process = try ProcessHandle(id)
      try process.send(SIGTERM)
      hasEnded = process.hasEnded(within: Self.endLimit)
    } catch {
      if error == .noSuchProcess { return }
      throw .system("end process \(id)", error.rawValue)
    }
    guard hasEnded else {
      throw CommandError(
        "the local server (\(description)) does not end", advice: "see its log, which 'beray-fs status --json' names")
    }
  }

  /// The words of /proc/PID/cmdline, proc(5).
  private static func arguments(of id: pid_t) -> [String] { ProcessFile.words("/proc/\(id)/cmdline") }
}
