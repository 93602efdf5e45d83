/// The command that runs for a task, and how to read its output.
///
/// The agents of all users run under the server's own uid, so the users of one server must trust each other.
package struct AgentCommand: Hashable, Sendable {
  /// How the lines of stdout become events.
  package enum Format: String, Hashable, Sendable, CaseIterable {
    /// A JSON object keeps its type and fields. Any other line becomes an event of type `stdout`.
    case lines
    /// The whole output is the agent's answer.
    case text
    case claude
    case codex
    case gemini
    case goose
    case opencode
    case copilot
    case vibe
    case gptme
    case openhands
    case droid
    case aider
    case mini
  }

  /// How an agent learns of MCP servers.
  package enum ToolPassing: Hashable, Sendable {
    case none
    /// `--mcp-config` with JSON, and `--allowedTools` with each server.
    case claude
    /// `-c mcp_servers.NAME.url="URL"`.
    case codex
    /// `--additional-mcp-config` with JSON.
    case copilot
    /// `--mcp-config` with JSON.
    case amp
    /// `--with-streamable-http-extension URL`.
    case goose
    /// The variable `OPENCODE_CONFIG_CONTENT`.
    case opencode
  }

  /// The name that people use for the agent.
  package var name: String
  /// The program, found in PATH, and its arguments; never a shell string. In an argument, `{goal}` is replaced with the
  /// goal, and `{goal_file}` with the path of a file that holds it. An argument `{tools}` is replaced with those that
  /// name MCP servers.
  package var arguments: [String]
  package var format: Format
  /// Names of environment variables with the program's keys and settings. The server passes on those that it has.
  package var environmentNames: [String]
  /// Default values of environment variables. The server's own values take precedence.
  package var environment: [String: String] = [:]
  /// Text in a line of output that means that the agent failed, whatever its exit status.
  package var failureWords: [String] = []
  package var toolPassing = ToolPassing.none
  /// What must be present before the agent can start.
  package var needs: [AgentNeed] = []

  package init(
    name: String? = nil, arguments: [String], format: Format = .lines, environmentNames: [String] = []
  ) {
    self.name = name ?? arguments.first.map { String($0.split(separator: "/").last ?? "") } ?? "none"
    self.arguments = arguments
    self.format = format
    self.environmentNames = environmentNames
  }
}

/// How much an agent may do without asking. The levels are the same for all agents.
package enum AgentAccess: String, Hashable, Sendable, CaseIterable, Comparable {
  /// May change files in its work directory.
  case edits
  /// May also run commands.
  case commands
  /// May do everything that the user may.
  case all

  package static func < (left: AgentAccess, right: AgentAccess) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}

extension AgentCommand {
  /// The reason why the agent cannot work in an environment; nil if none is known.
  package func complaint(in environment: [String: String]) -> String? {
    needs.lazy.compactMap { $0.complaint(in: environment) }.first
  }
}
