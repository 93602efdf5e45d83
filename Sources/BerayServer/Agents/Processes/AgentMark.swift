internal import LinuxSystem

/// Identifies the processes of one run of an agent: an environment variable, which child processes inherit.
struct AgentMark: Hashable, Sendable {
  /// The variable that holds the token of the run.
  static let variable = "BERAY_RUN"

  /// `NAME=value`.
  let entry: String
  /// Where the agent works.
  let workDirectory: String

  /// - Parameter token: unique to this run; nil if an older server started it, which marked its agents by their work
  ///   directory.
  init(token: String?, workDirectory: String) {
    entry = token.map { Self.variable + "=" + $0 } ?? AgentLaunch.workDirectoryVariable + "=" + workDirectory
    self.workDirectory = workDirectory
  }

  /// Makes a token for a new run.
  static func newToken() -> String {
    (0..<4).map { _ in
      let digits = String(UInt32.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// Nil if it is not known yet, because the process is just starting a program.
  func isCarried(by process: Int32) -> Bool? { ProcessStatus.environment(of: process, has: entry) }

  /// Whether a process works in the agent's work directory or beneath it.
  func isWorkplace(of process: Int32) -> Bool {
    guard let directory = ProcessStatus.directory(of: process) else { return false }
    return directory == workDirectory || directory.hasPrefix(workDirectory + "/")
  }
}

/// Identifies one boot of the machine. Process ids and start times are meaningless after another boot.
enum BootID {
  static let current = (ProcessFile.text("/proc/sys/kernel/random/boot_id") ?? "").filter { $0 != "\n" }
}
