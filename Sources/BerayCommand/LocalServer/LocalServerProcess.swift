import Glibc
import LinuxSystem
import SystemPackage

/// The process that listens on the socket of the local server.
struct LocalServerProcess: Hashable, Sendable {
  /// How long it may take to end.
  static let endLimit = Duration.seconds(10)

  let id: pid_t
  /// What it was started with, its name first.
  let arguments: [String]

  /// The process that answers at `socket`; nil if none does.
  init?(at socket: FilePath) {
    guard let id = UnixSocket.listener(socket) else { return nil }
    self.init(id: id, arguments: Self.arguments(of: id))
  }

  init(id: pid_t, arguments: [String]) {
    self.id = id
    self.arguments = arguments
  }

  /// Whether a mount or a command started it when it needed one, and not a person by `beray-fs serve`.
  var startedByItself: Bool { options.contains("--idle-timeout") }

  /// Its own arguments, without those of its agent.
  private var options: ArraySlice<String> { arguments.prefix { $0 != "--agent-command" } }

  /// The agent that it was started with; nil if its command line does not tell.
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

  /// The options of its agent, where it was started by itself: they stand last.
  var agentOptions: [String]? {
    guard startedByItself, let index = arguments.firstIndex(of: "--ready-fd") else { return nil }
    return Array(arguments.dropFirst(index + 2))
  }

  /// Those of these variables that have another value in `environment` than the server has, or none there.
  func lacking(_ names: [String], of environment: [String: String]) -> [String] {
    let own = ProcessFile.environment(of: id)
    return names.filter { name in environment[name].map { $0 != own[name] } ?? false }
  }

  var description: String { "process \(id)" + (agent.map { ", agent \($0)" } ?? "") }

  /// Ends it where it was started by itself and no task runs, so that another server can take its place. The caller holds the lock of the
  /// server, so that nobody starts it again in between.
  /// - Parameter wanted: what the other server is to be, for the message.
  func giveWay(unfinishedTasks: Int?, to wanted: String = "another server") throws(CommandError) {
    guard startedByItself else {
      throw CommandError(
        "'beray-fs serve' runs already (\(description)), and \(wanted) is wanted",
        advice: "end that one first, leave out --agent, or use another data directory (XDG_DATA_HOME)")
    }
    guard unfinishedTasks == 0 else {
      throw CommandError(
        "the local server (\(description)) works on \(unfinishedTasks.map(String.init) ?? "unknown") tasks, and \(wanted) is wanted",
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
