/// An agent that is known by name.
public struct AgentPreset: Hashable, Sendable {
  /// The name that `--agent` takes.
  public let name: String
  /// One line for help texts.
  public let summary: String
  public let command: AgentCommand

  /// The preset of that name.
  public static func named(_ name: String) -> AgentPreset? { all.first { $0.name == name } }

  /// Every preset, in the order in which help shows them. The goal reaches each through its stdin, save where its
  /// arguments name the goal's file.
  public static let all: [AgentPreset] = [
    AgentPreset(
      name: "demo", summary: "a scripted task that says that it is a demonstration (the default)",
      command: AgentCommand(arguments: ["/bin/sh", "-c", demonstration])),
    AgentPreset(
      name: "shell", summary: "the goal is a shell script",
      command: AgentCommand(arguments: ["/bin/sh", "{goal_file}"])),
    AgentPreset(
      name: "claude", summary: "Claude Code",
      command: AgentCommand(
        arguments: [
          "claude", "-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits",
        ], format: .claude, environmentNames: anthropic + ["CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CONFIG_DIR"])),
    AgentPreset(
      name: "codex", summary: "OpenAI Codex",
      command: AgentCommand(
        arguments: ["codex", "exec", "--json", "--skip-git-repo-check", "--sandbox", "workspace-write", "-"],
        format: .codex, environmentNames: openAI + ["CODEX_API_KEY", "CODEX_HOME"])),
    AgentPreset(
      name: "gemini", summary: "Gemini CLI",
      command: AgentCommand(
        arguments: ["gemini", "--output-format", "stream-json", "--approval-mode", "auto_edit"], format: .gemini,
        environmentNames: google)),
    AgentPreset(
      name: "aider", summary: "Aider",
      command: AgentCommand(
        arguments: [
          "aider", "--yes-always", "--no-pretty", "--no-stream", "--no-git", "--message-file", "{goal_file}",
        ],
        environmentNames: anyModel + ["AIDER_MODEL"])),
    AgentPreset(
      name: "goose", summary: "Goose",
      command: AgentCommand(
        arguments: ["goose", "run", "--no-session", "--quiet", "--output-format", "stream-json", "-i", "-"],
        format: .goose, environmentNames: anyModel + ["GOOSE_PROVIDER", "GOOSE_MODEL"])),
    AgentPreset(
      name: "opencode", summary: "OpenCode",
      command: AgentCommand(
        arguments: ["opencode", "run", "--format", "json"], format: .opencode, environmentNames: anyModel)),
  ]

  private static let anthropic = [
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL",
  ]
  private static let openAI = ["OPENAI_API_KEY", "OPENAI_BASE_URL"]
  private static let google = [
    "GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_CLOUD_PROJECT", "GOOGLE_GENAI_USE_VERTEXAI",
  ]
  /// For agents that can use the models of many.
  private static let anyModel =
    anthropic + openAI + google + ["DEEPSEEK_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "OPENROUTER_API_KEY"]

  /// Some seconds of what an agent's work looks like, with no model behind it.
  private static let demonstration = """
    goal=$(cat)
    say() { printf '%s\\n' "$1"; sleep 0.5; }
    say '{"type":"message","text":"This is a demonstration: no model is at work. Name a real agent with --agent."}'
    say '{"type":"plan","text":"1. Write the goal down. 2. Write a result. 3. Finish."}'
    printf '# Plan\\n\\nGoal: %s\\n\\n1. Write the goal down.\\n2. Write a result.\\n3. Finish.\\n' "$goal" > plan.md
    say '{"type":"file","text":"wrote plan.md","path":"plan.md"}'
    printf '# Result\\n\\nA demonstration ran for this goal:\\n\\n%s\\n' "$goal" > result.md
    say '{"type":"file","text":"wrote result.md","path":"result.md"}'
    say '{"type":"message","text":"Done. Look at plan.md and result.md."}'
    """
}
