/// What to run for a task, and how to read what it writes.
///
/// The agents of all users run under the server's own uid: users of one server trust each other.
public struct AgentCommand: Hashable, Sendable {
  /// How a line of stdout that is a JSON object becomes an event. Any other line is an event of type `stdout`.
  public enum Format: Hashable, Sendable {
    /// The line keeps its fields; its type and text are looked for under their usual names.
    case lines
    /// `claude --output-format stream-json`.
    case claude
    /// `codex exec --json`.
    case codex
    /// `gemini --output-format stream-json`.
    case gemini
    /// `goose run --output-format stream-json`.
    case goose
    /// `opencode run --format json`.
    case opencode
  }

  /// The program, found in PATH, and its arguments; never a shell string. `{goal_file}` in an argument becomes the path of
  /// a file with the goal.
  public var arguments: [String]
  public var format: Format
  /// Names of the variables that the program reads its keys and settings from; it gets those that the server has.
  public var environmentNames: [String]

  public init(arguments: [String], format: Format = .lines, environmentNames: [String] = []) {
    self.arguments = arguments
    self.format = format
    self.environmentNames = environmentNames
  }
}
