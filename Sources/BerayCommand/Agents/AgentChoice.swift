import ArgumentParser
import BerayServer

/// Who works on the tasks of the local server.
struct AgentChoice: Hashable, Sendable {
  /// A preset's name; nil, with no command either: the default one.
  let preset: String?
  /// A program and its arguments instead of a preset.
  let command: [String]
  /// What a preset may do without asking; nil for its standard.
  let access: AgentAccess?
  /// How the lines of a command of one's own are read.
  let format: AgentCommand.Format?
  /// Variables of the server's environment that it gets too.
  let environment: [String]

  /// What the command line says, else what `config.json` says; the variables are those of both.
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

  /// As ``AgentRecord`` remembers it.
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

  /// With a name in the place of `auto`: that of the only agent that is ready.
  /// - Throws: ``CommandError`` if none is, or several are.
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

  /// The variables that decide how it works: its keys and settings.
  var variables: [String] {
    let preset = command.isEmpty ? AgentPreset.named(preset ?? "demo") : nil
    return (preset?.command()?.environmentNames ?? []) + environment
  }

  /// The name that people know it by.
  var name: String {
    command.isEmpty ? preset ?? "demo" : command.joined(separator: " ")
  }

  /// A program that is named by a path from here is that one wherever it is run from.
  private static func rooted(_ command: [String]) -> [String] {
    guard let program = command.first, program.contains("/") else { return command }
    return [AbsolutePath.of(program)] + command.dropFirst()
  }

  /// As options of `serve`.
  var options: [String] {
    environment.flatMap { ["--agent-env", $0] } + (preset.map { ["--agent", $0] } ?? [])
      + (access.map { ["--agent-access", $0.rawValue] } ?? []) + (format.map { ["--agent-format", $0.rawValue] } ?? [])
      + (command.isEmpty ? [] : ["--agent-command"] + command)
  }

  /// What to run.
  /// - Parameter path: `PATH`, where the program is looked for as execvp(3) does.
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

  /// What a preset runs as with an access.
  static func command(of preset: AgentPreset, access: AgentAccess?) throws(CommandError) -> AgentCommand {
    guard let command = preset.command(access) else {
      throw .badUse(
        "the agent '\(preset.name)' cannot be held to '\(access?.rawValue ?? "")'",
        advice: "it has \(preset.accesses.map(\.rawValue).joined(separator: ", "))")
    }
    return command
  }

  /// Checks the options of a command line.
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

  /// Checks a command of one's own: `--agent-command` takes all words that follow it, and there must be one.
  static func validateCommand(_ command: [String], format: AgentCommand.Format?) throws {
    if command.isEmpty, CommandLine.arguments.last == "--agent-command" || command.first == "" {
      throw ValidationError("--agent-command takes a program and its arguments, and none follows it")
    }
    if format != nil, command.isEmpty { throw ValidationError("--agent-format goes with --agent-command") }
  }

  /// A name, and none of ours: those hold credentials.
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
