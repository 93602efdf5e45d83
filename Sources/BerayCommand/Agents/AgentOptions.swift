import ArgumentParser
import BerayServer

/// Agent options of the commands that can start the local server.
struct AgentOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The agent of the local server, 'auto' for the only one that is ready; 'beray-fs agents' lists them.",
      valueName: "preset"), completion: Completions.presets)
  var agent: String?

  @Option(help: ArgumentHelp("What it may do without asking: edits, commands or all.", valueName: "access"))
  var agentAccess: AgentAccess?

  @Option(
    help: ArgumentHelp(
      "What the agent command writes: lines, text, or the format of a preset such as claude.", valueName: "format"))
  var agentFormat: AgentCommand.Format?

  @Option(help: ArgumentHelp("A variable to pass to the agent. Repeatable.", valueName: "name"))
  var agentEnv: [String] = []

  @Option(
    parsing: .remaining,
    help: ArgumentHelp("A program and its arguments as the agent; takes all that follows.", valueName: "argv"))
  var agentCommand: [String] = []

  /// Whether any of these options is given.
  var isGiven: Bool {
    agent != nil || agentAccess != nil || agentFormat != nil || !agentEnv.isEmpty || !agentCommand.isEmpty
  }

  func validate() throws {
    try AgentChoice.validate(preset: agent, environment: agentEnv)
    if agent != nil, !agentCommand.isEmpty { throw ValidationError("give --agent or --agent-command, not both") }
    try AgentChoice.validateCommand(agentCommand, format: agentFormat)
  }

  /// These options as words of a command line. Leaves out `--agent-command`, which must come last.
  var words: [String] {
    (agent.map { ["--agent", $0] } ?? []) + (agentAccess.map { ["--agent-access", $0.rawValue] } ?? [])
      + (agentFormat.map { ["--agent-format", $0.rawValue] } ?? []) + agentEnv.flatMap { ["--agent-env", $0] }
  }

  /// Chooses the agent from the options, then from the data directory's record, then from `config.json`.
  static func choice(
    _ options: AgentOptions?, paths: Paths, configuration: UserConfiguration, environment: [String: String]
  ) throws(CommandError) -> AgentChoice {
    let remembered = AgentRecord.remembered(data: paths.data, configuration: configuration)
    guard let options, options.isGiven else {
      return try (remembered ?? AgentChoice(configuration: configuration)).resolvingAuto(environment)
    }
    let given = AgentChoice(
      preset: options.agent, command: options.agentCommand, access: options.agentAccess, format: options.agentFormat,
      environment: options.agentEnv, configuration: configuration)
    if options.agent == nil, options.agentCommand.isEmpty, let remembered {
      // The options only adjust the remembered agent.
      return AgentChoice(
        recordedPreset: remembered.preset, command: remembered.command,
        access: options.agentAccess ?? remembered.access,
        format: options.agentFormat ?? remembered.format, environment: given.environment)
    }
    return try given.resolvingAuto(environment)
  }
}
