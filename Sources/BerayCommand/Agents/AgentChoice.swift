import ArgumentParser
import BerayServer

/// The agent that works on the local server's tasks.
struct AgentChoice: Hashable, Sendable {
  /// The preset's name. If it is nil and `command` is empty, the default preset is used.
  let preset: String?
  /// A program and its arguments instead of a preset.
  let command: [String]
  /// What the agent may do without asking. Nil uses the preset's default.
  let access: AgentAccess?
  /// How to read the output of `command`. Nil reads plain lines.
  let format: AgentCommand.Format?
  /// Further environment variables that the agent inherits from the server.
  let environment: [String]

  /// Takes the command line first, then `config.json`. The variables of both are combined.
  init(
    preset: String? = nil, command: [String] = [], access: AgentAccess? = nil, format: AgentCommand.Format? = nil,
    environment: [String] = [], configuration: UserConfiguration
  ) {
    let isGiven = preset != nil || !command.isEmpty
    self.preset = isGiven ? preset : configuration.agent
    self.command = Self.rooted(isGiven ? command : configuration.agentCommand ?? [])
    self.access = access ?? (isGiven ? nil : configuration.agentAccess)
    self.format = format ?? (isGiven ? nil : configuration.agentFormat)
    self.environment = environment + configuration.agentEnv.filter { !environment.contains($0) }
  }

  /// Takes every value as given, without consulting `config.json`.
  init(
    recordedPreset preset: String?, command: [String], access: AgentAccess?, format: AgentCommand.Format?,
    environment: [String]
  ) {
    self.preset = preset
    self.command = command
    self.access = access
    self.format = format
    self.environment = environment
  }

  /// Replaces `auto` with the only agent that is ready.
  /// - Throws: ``CommandError`` if no agent is ready, or more than one is.
  func resolvingAuto(_ environment: [String: String]) throws(CommandError) -> AgentChoice {
    guard preset == "auto" else { return self }
    let ready = InstalledAgent.ready(environment).map(\.preset.name)
    guard ready.count == 1 else {
      throw CommandError(
        ready.isEmpty ? "no agent is ready" : "several agents are ready: \(ready.joined(separator: ", "))",
        advice: ready.isEmpty ? "'beray-fs agents' tells what each lacks" : "name one by --agent")
    }
    return AgentChoice(
      recordedPreset: ready[0], command: command, access: access, format: format, environment: self.environment)
  }

  /// The environment variables that hold the agent's keys and settings.
  var variables: [String] {
    let preset = command.isEmpty ? AgentPreset.named(preset ?? "demo") : nil
    return (preset?.command()?.environmentNames ?? []) + environment
  }

  /// The name shown to users.
  var name: String {
    command.isEmpty ? preset ?? "demo" : command.joined(separator: " ")
  }

  /// Makes a relative program path absolute, because the server runs in another directory.
  private static func rooted(_ command: [String]) -> [String] {
    guard let program = command.first, program.contains("/") else { return command }
    return [AbsolutePath.of(program)] + command.dropFirst()
  }

  /// The options that pass this choice to `beray-fs serve`.
  var options: [String] {
    environment.flatMap { ["--agent-env", $0] } + (preset.map { ["--agent", $0] } ?? [])
      + (access.map { ["--agent-access", $0.rawValue] } ?? []) + (format.map { ["--agent-format", $0.rawValue] } ?? [])
      + (command.isEmpty ? [] : ["--agent-command"] + command)
  }

  /// The command to run.
  /// - Parameter path: the value of `PATH`, which is searched as by execvp(3).
  /// - Throws: ``CommandError`` if there is no such preset or program.
  func resolved(path: String?) throws(CommandError) -> AgentCommand {
    guard command.isEmpty else {
      guard AgentProgram.path(of: command[0], searching: path) != nil else {
        throw CommandError("there is no program '\(command[0])'", advice: "check the agent's command")
      }
      return AgentCommand(arguments: command, format: format ?? .lines)
    }
    let chosen = try Self.preset(named: preset ?? "demo")
    guard AgentProgram.path(of: chosen.program, searching: path) != nil else {
      throw CommandError(
        "the agent '\(chosen.name)' (\(chosen.summary)) is not installed",
        advice: "install it (\(chosen.install)) so that it is on PATH; 'beray-fs agents' lists the others")
    }
    return try Self.command(of: chosen, access: access)
  }

  /// The command of `preset` with the permissions of `access`.
  static func command(of preset: AgentPreset, access: AgentAccess?) throws(CommandError) -> AgentCommand {
    guard let command = preset.command(access) else {
      throw .badUse(
        "the agent '\(preset.name)' has no access level '\(access?.rawValue ?? "")'",
        advice: "its levels are \(preset.accesses.map(\.rawValue).joined(separator: ", "))")
    }
    return command
  }

  /// Checks the agent options of a command line.
  static func validate(preset: String?, environment: [String]) throws {
    do throws(CommandError) {
      if let preset, preset != "auto" { _ = try Self.preset(named: preset) }
    } catch {
      throw ValidationError(ErrorText.sentence(for: error))
    }
    if let wrong = environment.first(where: { !isVariable($0) }) {
      throw ValidationError("--agent-env '\(wrong)' is not the name of a variable")
    }
  }

  /// Checks `--agent-command`. ``Invocation`` checks that a word follows it.
  static func validateCommand(_ command: [String], format: AgentCommand.Format?) throws {
    if command.first == "" { throw ValidationError("--agent-command takes a program, and its name is empty") }
    if format != nil, command.isEmpty { throw ValidationError("--agent-format goes with --agent-command") }
  }

  /// Whether `name` is a valid variable name. Rejects `BERAY_*`, because those variables hold credentials.
  static func isVariable(_ name: String) -> Bool {
    !name.isEmpty && !name.contains("=") && !name.hasPrefix("BERAY_")
  }

  static func preset(named name: String) throws(CommandError) -> AgentPreset {
    guard let preset = AgentPreset.named(name) else {
      throw .badUse(
        "there is no agent '\(name)'",
        advice: "known are \(AgentPreset.all.map(\.name).joined(separator: ", ")), and auto")
    }
    return preset
  }
}
