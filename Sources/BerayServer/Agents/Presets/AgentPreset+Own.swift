extension AgentPreset {
  static let demo = AgentPreset(
    "demo", "a scripted demonstration, with no model (the default)", install: "it is always there",
    evidence: .own,
    access: [
      (.all, "writes two files", AgentCommand(arguments: ["/bin/sh", "-c", demonstration]))
    ])

  static let shell = AgentPreset(
    "shell", "the goal is a shell script", install: "it is always there", evidence: .own,
    access: [(.all, "runs the goal as you", AgentCommand(arguments: ["/bin/sh", "{goal_file}"]))])

  /// A few seconds of what an agent's work looks like, without a model.
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

/// Environment variables of model providers.
enum ModelVariables {
  static let anthropic = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL"]
  static let openAI = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_MODEL"]
  static let google = [
    "GEMINI_API_KEY", "GEMINI_MODEL", "GOOGLE_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_CLOUD_PROJECT", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_GENAI_USE_VERTEXAI",
  ]
  static let aws = [
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_BEARER_TOKEN_BEDROCK", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
  ]
  static let others = [
    "DEEPSEEK_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "OPENROUTER_API_KEY", "XAI_API_KEY", "OLLAMA_API_BASE",
    "OLLAMA_HOST", "AZURE_API_KEY", "AZURE_API_BASE", "AZURE_API_VERSION",
  ]
  /// For agents that work with many providers.
  static let any = anthropic + openAI + google + aws + others
  /// Each of these is the key of a provider, or the address of a server that needs no key.
  static let anyKey = [
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID", "DEEPSEEK_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "OPENROUTER_API_KEY", "XAI_API_KEY",
    "AZURE_API_KEY", "OLLAMA_API_BASE", "OLLAMA_HOST",
  ]
}
