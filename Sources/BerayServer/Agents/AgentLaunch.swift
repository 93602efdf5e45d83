internal import BerayAPI
internal import Glibc

/// All that the process of an agent is started with.
struct AgentLaunch: Sendable {
  let arguments: [String]
  let environment: [String: String]
  let workDirectory: String
  /// The goal, for the agent's stdin.
  let input: [UInt8]

  /// Tells an agent, and a server that recovers from a crash, where a process belongs.
  static let workDirectoryVariable = "BERAY_WORK_DIR"

  init(
    command: AgentCommand, task: TaskRecord, paths: TaskPaths, passing names: [String],
    from inherited: [String: String] = currentEnvironment()
  ) {
    arguments = command.arguments.map { $0 == "{goal_file}" ? paths.goalFile : $0 }
    workDirectory = paths.work.path
    input = Array(task.goal.utf8)
    var environment: [String: String] = [:]
    for (name, value) in inherited where Self.isPassed(name) || names.contains(name) && !Self.isSecret(name) {
      environment[name] = value
    }
    environment["PATH"] = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    environment["BERAY_TASK_ID"] = String(task.id)
    environment["BERAY_GOAL_FILE"] = paths.goalFile
    environment[Self.workDirectoryVariable] = paths.work.path
    environment["BERAY_TOOLS"] = task.tools
    self.environment = environment
  }

  private static func isPassed(_ name: String) -> Bool {
    ["PATH", "HOME", "LANG", "TMPDIR", "TZ", "USER", "LOGNAME", "SHELL"].contains(name) || name.hasPrefix("LC_")
  }

  /// What no agent gets, whatever it is told to pass.
  private static func isSecret(_ name: String) -> Bool { name.hasPrefix("BERAY_") }

  static func currentEnvironment() -> [String: String] {
    var environment: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      next += 1
    }
    return environment
  }
}
