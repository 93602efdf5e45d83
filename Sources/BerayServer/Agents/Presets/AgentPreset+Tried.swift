internal import Glibc

/// Agents that were run to verify their presets.
extension AgentPreset {
  static let claude: AgentPreset = {
    let credentials = AgentCredentials(
      variables: [
        "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY",
      ],
      files: [".claude/.credentials.json", ".claude/settings.json"],
      directory: (variable: "CLAUDE_CONFIG_DIR", standard: ".claude"),
      fileWords: [".claude/settings.json": ["apiKeyHelper", "ANTHROPIC_", "CLAUDE_CODE_USE_"]])
    func command(_ flags: [String]) -> AgentCommand {
      var command = AgentCommand(
        arguments: ["claude", "-p", "--output-format", "stream-json", "--verbose"] + flags + ["{tools}"],
        format: .claude,
        environmentNames: ModelVariables.anthropic + ModelVariables.aws + ModelVariables.google + credentials.variables
          + [
            "CLAUDE_CONFIG_DIR", "IS_SANDBOX", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY",
            "DISABLE_AUTOUPDATER", "ANTHROPIC_SMALL_FAST_MODEL", "ANTHROPIC_VERTEX_PROJECT_ID", "CLOUD_ML_REGION",
          ])
      // A background command would keep it alive after its result, and it would retry a refused key for minutes.
      command.environment = [
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1", "CLAUDE_CODE_MAX_RETRIES": "2", "DISABLE_AUTOUPDATER": "1",
      ]
      command.toolPassing = .claude
      command.needs = [
        .credentials(credentials, advice: "run 'claude' once and log in by /login, or set ANTHROPIC_API_KEY")
      ]
      return command
    }
    // Claude refuses bypassPermissions to root, so root allows each tool by name.
    let everything =
      geteuid() == 0
      ? [
        "--permission-mode", "acceptEdits", "--allowedTools=Bash,Edit,Write,NotebookEdit,Read,WebFetch,WebSearch,Task",
      ]
      : ["--permission-mode", "bypassPermissions"]
    return AgentPreset(
      "claude", "Claude Code", install: "npm install -g @anthropic-ai/claude-code", evidence: .ran(version: "2.1.332"),
      credentials: credentials,
      access: [
        (
          .edits, "edits files and runs commands that only read; others are denied",
          command(["--permission-mode", "acceptEdits"])
        ),
        (
          .commands, "edits files and runs commands, with no sandbox",
          command(["--permission-mode", "acceptEdits", "--allowedTools=Bash"])
        ),
        (.all, "does all that you may", command(everything)),
      ])
  }()

  static let codex: AgentPreset = {
    let credentials = AgentCredentials(
      variables: ["CODEX_API_KEY", "OPENAI_API_KEY"], files: [".codex/auth.json", ".codex/config.toml"],
      directory: (variable: "CODEX_HOME", standard: ".codex"),
      fileWords: [".codex/config.toml": ["model_provider", "keyring", "oss"]])
    func command(_ flags: [String], isSandboxed: Bool) -> AgentCommand {
      var command = AgentCommand(
        arguments: ["codex", "exec", "--json", "--skip-git-repo-check"] + flags + ["{tools}", "-"], format: .codex,
        environmentNames: ModelVariables.openAI + ["CODEX_API_KEY", "CODEX_HOME"])
      command.toolPassing = .codex
      let bwrap = AgentNeed.program(
        "bwrap", advice: "its sandbox needs it; install bubblewrap, or use --agent-access all")
      command.needs =
        (isSandboxed ? [bwrap] : [])
        + [.credentials(credentials, advice: "run 'codex login' once, or set CODEX_API_KEY")]
      return command
    }
    return AgentPreset(
      "codex", "OpenAI Codex", install: "npm install -g @openai/codex", evidence: .ran(version: "0.163.0"),
      credentials: credentials,
      access: [
        (
          .commands, "edits files and runs commands in a sandbox without network",
          command(["--sandbox", "workspace-write"], isSandboxed: true)
        ),
        (
          .edits, "edits files and runs commands in a sandbox without network",
          command(["--sandbox", "workspace-write"], isSandboxed: true)
        ),
        (.all, "does all that you may", command(["--dangerously-bypass-approvals-and-sandbox"], isSandboxed: false)),
      ])
  }()

  static let aider: AgentPreset = {
    let credentials = AgentCredentials(
      variables: ModelVariables.anyKey, files: [".aider.conf.yml", ".env", ".aider/oauth-keys.env"])
    func command(_ flags: [String]) -> AgentCommand {
      var command = AgentCommand(
        arguments: [
          "aider", "--yes-always", "--no-pretty", "--no-stream", "--no-git", "--no-check-update",
          "--no-show-release-notes", "--analytics-disable", "--no-gitignore", "--chat-history-file", "/dev/null",
          "--input-history-file", "/dev/null", "--llm-history-file", "/dev/null",
        ] + flags + ["--message-file", "{goal_file}"], format: .aider,
        environmentNames: ModelVariables.any + ["AIDER_MODEL"])
      command.needs = [.credentials(credentials, advice: "set the key of a provider, such as OPENAI_API_KEY")]
      return command
    }
    return AgentPreset(
      "aider", "Aider", install: "python3 -m pip install aider-install && aider-install",
      evidence: .ran(version: "0.86.2"), credentials: credentials,
      access: [
        (.edits, "edits files", command(["--no-suggest-shell-commands"])),
        (.commands, "edits files and suggests commands", command([])),
      ])
  }()

  static let copilot: AgentPreset = {
    func command(_ flags: [String]) -> AgentCommand {
      var command = AgentCommand(
        arguments: ["copilot"] + flags + ["--no-ask-user", "--output-format", "json", "--stream", "off", "{tools}"],
        format: .copilot,
        environmentNames: [
          "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "GH_HOST", "COPILOT_MODEL", "COPILOT_HOME",
          "COPILOT_PROVIDER_TYPE", "COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_API_KEY", "COPILOT_OFFLINE",
        ])
      command.toolPassing = .copilot
      return command
    }
    return AgentPreset(
      "copilot", "GitHub Copilot CLI", install: "npm install -g @github/copilot", evidence: .ran(version: "1.0.57"),
      credentials: AgentCredentials(
        variables: ["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_PROVIDER_API_KEY"],
        files: [".copilot/config.json", ".config/gh/hosts.yml"]),
      access: [
        (.edits, "edits files; commands are denied", command(["--allow-tool=write"])),
        (
          .commands, "edits files and runs commands, with no sandbox",
          command(["--allow-tool=write", "--allow-tool=shell"])
        ),
        (.all, "does all that you may", command(["--allow-all-tools", "--allow-all-paths"])),
      ])
  }()

  static let vibe: AgentPreset = {
    func command(_ flags: [String]) -> AgentCommand {
      AgentCommand(
        arguments: ["vibe"] + flags + ["--output", "streaming", "-p"], format: .vibe,
        environmentNames: ["MISTRAL_API_KEY", "VIBE_HOME", "VIBE_ACTIVE_MODEL"])
    }
    return AgentPreset(
      "vibe", "Mistral Vibe", install: "uv tool install mistral-vibe", evidence: .ran(version: "3.0.2"),
      credentials: AgentCredentials(variables: ["MISTRAL_API_KEY"], files: [".vibe/.env"]),
      access: [
        (.commands, "edits files and runs commands, with no sandbox", command(["--auto-approve"])),
        (.all, "edits files and runs commands, with no sandbox", command(["--auto-approve"])),
      ])
  }()

  static let gptme: AgentPreset = {
    func command(_ flags: [String]) -> AgentCommand {
      var command = AgentCommand(
        arguments: ["gptme", "--non-interactive", "--output-format", "json"] + flags, format: .gptme,
        environmentNames: ModelVariables.any + ["MODEL", "TOOL_FORMAT", "GPTME_LOGS_HOME"])
      command.failureWords = ["Fatal error", "AuthenticationError", "No API key"]
      return command
    }
    return AgentPreset(
      "gptme", "gptme", install: "pipx install gptme", evidence: .ran(version: "0.35.1"),
      credentials: AgentCredentials(variables: ModelVariables.anyKey, files: [".config/gptme/config.toml"]),
      access: [
        (.commands, "edits files and runs commands, with no sandbox", command([])),
        (.edits, "edits files", command(["--tools", "save,append,patch,read"])),
        (.all, "edits files and runs commands, with no sandbox", command([])),
      ])
  }()

  static let openHands: AgentPreset = {
    var command = AgentCommand(
      arguments: ["openhands", "--headless", "--json", "--override-with-envs", "-f", "{goal_file}"], format: .openhands,
      environmentNames: ["LLM_API_KEY", "LLM_MODEL", "LLM_BASE_URL"] + ModelVariables.aws)
    command.failureWords = ["AuthenticationError", "Agent setup failed"]
    let credentials = AgentCredentials(variables: ["LLM_API_KEY"], files: [".openhands/agent_settings.json"])
    command.needs = [.credentials(credentials, advice: "set LLM_API_KEY and LLM_MODEL, or run 'openhands' once")]
    return AgentPreset(
      "openhands", "OpenHands", install: "uv tool install openhands", evidence: .ran(version: "1.16.0"),
      credentials: credentials,
      access: [
        (.commands, "edits files and runs commands, with no sandbox", command),
        (.all, "edits files and runs commands, with no sandbox", command),
      ])
  }()

  static let mini: AgentPreset = {
    var command = AgentCommand(
      arguments: ["mini", "--yolo", "--exit-immediately", "-t", "{goal}"], format: .mini,
      environmentNames: ModelVariables.any
        + ["MSWEA_MODEL_NAME", "MSWEA_COST_TRACKING", "MSWEA_GLOBAL_CONFIG_DIR", "LITELLM_MODEL_REGISTRY_PATH"])
    command.environment = ["MSWEA_CONFIGURED": "true", "MSWEA_SILENT_STARTUP": "1"]
    command.failureWords = ["AuthenticationError"]
    let credentials = AgentCredentials(variables: ModelVariables.anyKey, files: [".config/mini-swe-agent/.env"])
    command.needs = [
      .credentials(credentials, advice: "run 'mini-extra config setup', or set MSWEA_MODEL_NAME and the provider's key")
    ]
    return AgentPreset(
      "mini", "mini-swe-agent", install: "uv tool install mini-swe-agent", evidence: .ran(version: "2.4.6"),
      versionArguments: ["--help"], credentials: credentials,
      access: [
        (.commands, "runs commands, with no sandbox", command), (.all, "runs commands, with no sandbox", command),
      ])
  }()
}
