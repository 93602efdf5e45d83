internal import BerayAPI

/// Everything needed to start the process of an agent.
struct AgentLaunch: Sendable {
  let arguments: [String]
  let environment: [String: String]
  let workDirectory: String
  /// The goal, for the agent's stdin.
  let input: [UInt8]
  let mark: AgentMark
  /// What the agent could not be given. The events of the task report it.
  let shortcomings: [String]

  /// The variable that tells an agent where its files are.
  static let workDirectoryVariable = "BERAY_WORK_DIR"

  init(
    command: AgentCommand, task: TaskRecord, paths: TaskPaths, passing names: [String], token: String,
    from inherited: [String: String]
  ) {
    let tools = AgentTools(task.tools, passing: command.toolPassing, agent: command.name)
    arguments = command.arguments.flatMap { argument -> [String] in
      if argument == "{tools}" { return tools.arguments }
      return [argument.replacing("{goal_file}", with: paths.goalFile).replacing("{goal}", with: task.goal)]
    }
    shortcomings = tools.shortcomings
    workDirectory = paths.work.path
    input = Array(task.goal.utf8)
    mark = AgentMark(token: token, workDirectory: paths.work.path)
    var environment = Self.passed(of: inherited, names: command.environmentNames + names)
    for (name, value) in command.environment where environment[name] == nil { environment[name] = value }
    environment.merge(tools.environment) { _, tools in tools }
    environment["PATH"] = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    // Without it, agents in Python hold their output back until a buffer is full.
    environment["PYTHONUNBUFFERED"] = "1"
    if command.format == .codex, environment["CODEX_API_KEY"] == nil {
      // Codex reads its key from this variable only.
      environment["CODEX_API_KEY"] = environment["OPENAI_API_KEY"]
    }
    environment["BERAY_TASK_ID"] = String(task.id)
    environment["BERAY_GOAL_FILE"] = paths.goalFile
    environment[Self.workDirectoryVariable] = paths.work.path
    environment["BERAY_TOOLS"] = task.tools
    environment[AgentMark.variable] = token
    self.environment = environment
  }

  /// Launches the program that fills the work directory before the agent starts.
  init(
    filling source: WorkSource, task: TaskRecord, paths: TaskPaths, token: String, from inherited: [String: String]
  ) {
    arguments = source.arguments(branch: "beray/\(task.id)")
    shortcomings = []
    workDirectory = paths.work.path
    input = []
    mark = AgentMark(token: token, workDirectory: paths.work.path)
    environment = Self.passed(of: inherited, names: ["GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_CONFIG_GLOBAL"])
      .merging([AgentMark.variable: token, "LC_ALL": "C.UTF-8"]) { _, own in own }
  }

  /// Selects the variables that agents get: those that every program needs, and those in `names`.
  static func passed(of environment: [String: String], names: [String]) -> [String: String] {
    let names = Set(names)
    return environment.filter { isPassed($0.key) || names.contains($0.key) && !isSecret($0.key) }
  }

  private static let common: Set = [
    "PATH", "HOME", "LANG", "TMPDIR", "TZ", "USER", "LOGNAME", "SHELL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
    "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
  ]

  private static func isPassed(_ name: String) -> Bool {
    common.contains(name) || name.hasPrefix("LC_") || name.hasPrefix("XDG_")
  }

  /// Whether a variable is never passed to an agent, even if `names` contains it.
  private static func isSecret(_ name: String) -> Bool { name.hasPrefix("BERAY_") }
}
