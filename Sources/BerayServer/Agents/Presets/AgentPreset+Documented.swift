/// Agents that were never run here: their presets follow their documentation.
extension AgentPreset {
  static let gemini: AgentPreset = {
    func command(_ mode: String) -> AgentCommand {
      var command = AgentCommand(
        arguments: ["gemini", "--output-format", "stream-json", "--approval-mode", mode], format: .gemini,
        environmentNames: ModelVariables.google + ["GOOGLE_GENAI_USE_GCA", "GEMINI_SANDBOX"])
      // In a directory that it does not trust, Gemini exits with status 55.
      command.environment = ["GEMINI_CLI_TRUST_WORKSPACE": "true"]
      return command
    }
    return AgentPreset(
      "gemini", "Gemini CLI", install: "npm install -g @google/gemini-cli", evidence: .documented,
      credentials: AgentCredentials(
        variables: ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_APPLICATION_CREDENTIALS"],
        files: [".gemini/oauth_creds.json", ".gemini/.env"]),
      access: [
        (.edits, "edits files; commands are denied", command("auto_edit")),
        (.commands, "edits files and runs commands, with no sandbox", command("yolo")),
        (.all, "does all that you may", command("yolo")),
      ])
  }()

  static let goose: AgentPreset = {
    func command(_ mode: String) -> AgentCommand {
      var command = AgentCommand(
        arguments: ["goose", "run", "--no-session", "--quiet", "--output-format", "stream-json", "{tools}", "-i", "-"],
        format: .goose,
        environmentNames: ModelVariables.any + ["GOOSE_PROVIDER", "GOOSE_MODEL", "GOOSE_MODE", "GOOSE_DISABLE_KEYRING"])
      command.environment = ["GOOSE_MODE": mode]
      command.toolPassing = .goose
      return command
    }
    return AgentPreset(
      "goose", "Goose", install: "see https://block.github.io/goose", evidence: .documented,
      credentials: AgentCredentials(
        variables: ["GOOSE_PROVIDER"] + ModelVariables.anyKey, files: [".config/goose/config.yaml"]),
      access: [
        (.commands, "edits files and runs commands, with no sandbox", command("auto")),
        (.all, "edits files and runs commands, with no sandbox", command("auto")),
      ])
  }()

  static let openCode: AgentPreset = {
    func command(_ permission: String) -> AgentCommand {
      var command = AgentCommand(
        arguments: ["opencode", "run", "--format", "json"], format: .opencode,
        environmentNames: ModelVariables.any + ["OPENCODE_CONFIG", "OPENCODE_API_KEY", "OPENCODE_MODEL"])
      command.environment = ["OPENCODE_PERMISSION": permission, "OPENCODE_DISABLE_AUTOUPDATE": "true"]
      command.toolPassing = .opencode
      return command
    }
    return AgentPreset(
      "opencode", "OpenCode", install: "npm install -g opencode-ai", evidence: .documented,
      credentials: AgentCredentials(
        variables: ["OPENCODE_API_KEY"] + ModelVariables.anyKey, files: [".local/share/opencode/auth.json"]),
      access: [
        (.edits, "edits files; commands are denied", command(#"{"edit":"allow","bash":"deny"}"#)),
        (.commands, "edits files and runs commands, with no sandbox", command(#"{"edit":"allow","bash":"allow"}"#)),
        (
          .all, "does all that you may",
          command(#"{"edit":"allow","bash":"allow","webfetch":"allow","external_directory":"allow"}"#)
        ),
      ])
  }()

  static let qwen: AgentPreset = {
    func command(_ mode: String) -> AgentCommand {
      AgentCommand(
        arguments: ["qwen", "-o", "stream-json", "--approval-mode", mode], format: .claude,
        environmentNames: ModelVariables.openAI + ["DASHSCOPE_API_KEY", "QWEN_HOME"])
    }
    return AgentPreset(
      "qwen", "Qwen Code", install: "npm install -g @qwen-code/qwen-code", evidence: .documented,
      credentials: AgentCredentials(
        variables: ["OPENAI_API_KEY", "DASHSCOPE_API_KEY"], files: [".qwen/oauth_creds.json", ".qwen/settings.json"]),
      access: [
        (.edits, "edits files; commands are denied", command("auto-edit")),
        (.commands, "edits files and runs commands, with no sandbox", command("yolo")),
        (.all, "does all that you may", command("yolo")),
      ])
  }()

  static let cursor: AgentPreset = {
    let command = AgentCommand(
      arguments: ["cursor-agent", "-p", "--output-format=stream-json", "--force", "{goal}"], format: .claude,
      environmentNames: ["CURSOR_API_KEY"])
    return AgentPreset(
      "cursor-agent", "Cursor Agent", install: "curl https://cursor.com/install -fsS | bash", evidence: .documented,
      credentials: AgentCredentials(
        variables: ["CURSOR_API_KEY"], files: [".config/cursor/auth.json", ".cursor/cli-config.json"]),
      access: [
        (.commands, "edits files and runs commands, with no sandbox", command),
        (.all, "edits files and runs commands, with no sandbox", command),
      ])
  }()

  static let amp: AgentPreset = {
    func command(_ flags: [String]) -> AgentCommand {
      var command = AgentCommand(
        arguments: ["amp", "--execute", "--stream-json"] + flags + ["{tools}"], format: .claude,
        environmentNames: ["AMP_API_KEY", "AMP_URL", "AMP_SETTINGS_FILE"])
      command.toolPassing = .amp
      return command
    }
    return AgentPreset(
      "amp", "Amp", install: "npm install -g @sourcegraph/amp", evidence: .documented,
      credentials: AgentCredentials(variables: ["AMP_API_KEY"], files: [".local/share/amp/secrets.json"]),
      access: [
        (.commands, "edits files and runs commands, with no sandbox", command(["--dangerously-allow-all"])),
        (.edits, "edits files and runs commands that its settings allow", command([])),
        (.all, "does all that you may", command(["--dangerously-allow-all"])),
      ])
  }()

  static let droid: AgentPreset = {
    func command(_ level: String) -> AgentCommand {
      AgentCommand(
        arguments: ["droid", "exec", "--output-format", "stream-json", "--auto", level, "-f", "{goal_file}"],
        format: .droid, environmentNames: ["FACTORY_API_KEY"])
    }
    return AgentPreset(
      "droid", "Factory Droid", install: "curl -fsSL https://app.factory.ai/cli | sh", evidence: .documented,
      credentials: AgentCredentials(variables: ["FACTORY_API_KEY"], files: [".factory/auth.json"]),
      access: [
        (.edits, "edits files and runs commands that only read", command("low")),
        (.commands, "edits files and runs commands for development", command("medium")),
        (.all, "does all that you may", command("high")),
      ])
  }()

  static let crush: AgentPreset = {
    let command = AgentCommand(
      arguments: ["crush", "run", "--quiet"], format: .text,
      environmentNames: ModelVariables.any + ["CRUSH_GLOBAL_CONFIG", "CRUSH_DISABLE_METRICS"])
    return AgentPreset(
      "crush", "Crush", install: "npm install -g @charmland/crush", evidence: .documented,
      credentials: AgentCredentials(
        variables: ModelVariables.anyKey, files: [".config/crush/crush.json", ".local/share/crush/crush.json"]),
      access: [
        (.commands, "edits files and runs commands, with no sandbox", command),
        (.all, "edits files and runs commands, with no sandbox", command),
      ])
  }()
}
