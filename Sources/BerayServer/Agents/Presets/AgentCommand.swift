/// What to run for a task, and how to read what it writes.
///
/// The agents of all users run under the server's own uid: users of one server trust each other.
public struct AgentCommand: Hashable, Sendable {
  /// How the lines of stdout become events.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// A JSON object keeps its type and fields, any other line is an event of type `stdout`.
    case lines
    /// All text is the agent's answer.
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

  /// How an agent is told of MCP servers.
  public enum ToolPassing: Hashable, Sendable {
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

  /// What people know the agent by.
  public var name: String
  /// The program, found in PATH, and its arguments; never a shell string. In an argument, `{goal}` becomes the goal, and
  /// `{goal_file}` the path of a file with the goal. An argument `{tools}` becomes those that name MCP servers.
  public var arguments: [String]
  public var format: Format
  /// Names of the variables that the program reads its keys and settings from; it gets those that the server has.
  public var environmentNames: [String]
  /// Variables with the values that it gets, unless the server has others for them.
  public var environment: [String: String] = [:]
  /// Parts of lines by which it says that it failed, whatever its exit status is.
  public var failureWords: [String] = []
  public var toolPassing = ToolPassing.none
  /// What must be there before it starts.
  public var needs: [AgentNeed] = []

  public init(
    name: String? = nil, arguments: [String], format: Format = .lines, environmentNames: [String] = []
  ) {
    self.name = name ?? arguments.first.map { String($0.split(separator: "/").last ?? "") } ?? "none"
    self.arguments = arguments
    self.format = format
    self.environmentNames = environmentNames
  }
}

/// How much an agent may do without asking, in the words that all agents share.
public enum AgentAccess: String, Hashable, Sendable, CaseIterable, Comparable {
  /// Change files in its work directory.
  case edits
  /// Run commands too.
  case commands
  /// All that the user may.
  case all

  public static func < (left: AgentAccess, right: AgentAccess) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}

extension AgentCommand {
  /// Why it cannot work in an environment; nil if nothing that it needs is known to be missing.
  public func complaint(in environment: [String: String]) -> String? {
    needs.lazy.compactMap { $0.complaint(in: environment) }.first
  }
}
