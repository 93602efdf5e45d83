import Glibc
import SystemPackage

/// The process that listens on the socket of the local server.
struct LocalServerProcess: Hashable, Sendable {
  /// How long it may take to end.
  static let endLimit = Duration.seconds(10)

  let id: pid_t
  /// What it was started with, its name first.
  let arguments: [String]

  /// The process that answers at `socket`; nil where none does.
  init?(at socket: FilePath) {
    guard let id = UnixSocket.listener(socket) else { return nil }
    self.init(id: id, arguments: Self.arguments(of: id))
  }

  init(id: pid_t, arguments: [String]) {
    self.id = id
    self.arguments = arguments
  }

  /// Whether a mount or a command started it when it needed one, and not a person by `beray-fs serve`.
  var startedByItself: Bool { arguments.contains("--idle-timeout") }

  /// The agent that it was started with; nil where its command line does not tell.
  var agent: String? {
    if let index = arguments.firstIndex(of: "--agent-command") {
      return arguments[(index + 1)...].joined(separator: " ")
    }
    if let index = arguments.firstIndex(of: "--agent"), index + 1 < arguments.count { return arguments[index + 1] }
    if let word = arguments.first(where: { $0.hasPrefix("--agent=") }) {
      return String(word.dropFirst("--agent=".count))
    }
    return startedByItself ? "demo" : nil
  }

  var description: String { "process \(id)" + (agent.map { ", agent \($0)" } ?? "") }

  /// Ends it where it was started by itself and no task runs, so that another server can take its place. The caller holds the lock of the
  /// server, so that nobody starts it again in between.
  func giveWay(unfinishedTasks: Int?) throws(CommandError) {
    guard startedByItself else {
      throw CommandError(
        "'beray-fs serve' runs already (\(description))",
        advice: "end that one first, leave out --agent, or use another data directory (XDG_DATA_HOME)")
    }
    guard unfinishedTasks == 0 else {
      throw CommandError(
        "the local server (\(description)) works on \(unfinishedTasks.map(String.init) ?? "unknown") tasks",
        advice: "wait for them or stop them ('beray-fs task list' names them)")
    }
    try end()
  }

  private func end() throws(CommandError) {
    guard let process = ProcessHandle(id) else {
      if errno == ESRCH { return }
      throw .system("end process \(id)", errno)
    }
    guard process.send(SIGTERM) else { throw .system("end process \(id)", errno) }
    guard process.hasEnded(within: Self.endLimit) else {
      throw CommandError(
        "the local server (\(description)) does not end", advice: "see its log, which 'beray-fs status --json' names")
    }
  }

  /// The words of /proc/PID/cmdline, proc(5).
  private static func arguments(of id: pid_t) -> [String] {
    guard let file = fopen("/proc/\(id)/cmdline", "re") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
    return bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }
}
