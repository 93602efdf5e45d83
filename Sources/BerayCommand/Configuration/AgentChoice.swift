import ArgumentParser
import BerayServer
import Glibc
import SystemPackage

/// Who works on the tasks of the local server.
struct AgentChoice: Hashable, Sendable {
  /// A preset's name; nil, with no command either: the default one.
  let preset: String?
  /// A program and its arguments instead of a preset.
  let command: [String]
  /// Variables of the server's environment that it gets too.
  let environment: [String]

  /// What the command line says, else what `config.json` says; the variables are those of both.
  init(
    preset: String? = nil, command: [String] = [], environment: [String] = [], configuration: UserConfiguration
  ) {
    let isGiven = preset != nil || !command.isEmpty
    self.preset = isGiven ? preset : configuration.agent
    self.command = isGiven ? command : configuration.agentCommand ?? []
    self.environment = environment + configuration.agentEnv.filter { !environment.contains($0) }
  }

  /// As options of `serve`.
  var options: [String] {
    environment.flatMap { ["--agent-env", $0] } + (preset.map { ["--agent", $0] } ?? [])
      + (command.isEmpty ? [] : ["--agent-command"] + command)
  }

  /// What to run.
  /// - Parameter path: `PATH`, where the program is looked for as execvp(3) does.
  /// - Throws: ``CommandError`` where there is no such preset or program.
  func resolved(path: String?) throws(CommandError) -> AgentCommand {
    guard command.isEmpty else {
      let resolved = AgentCommand(arguments: command)
      guard Self.isInstalled(command[0], path: path) else {
        throw CommandError("there is no program '\(command[0])'", advice: "check the agent's command")
      }
      return resolved
    }
    let chosen = try Self.preset(named: preset ?? "demo")
    guard let program = chosen.command.arguments.first, Self.isInstalled(program, path: path) else {
      throw CommandError(
        "the agent '\(chosen.name)' (\(chosen.summary)) is not installed",
        advice: "install it so that it is on PATH, or name another by --agent or --agent-command")
    }
    return chosen.command
  }

  /// Checks the options of a command line.
  static func validate(preset: String?, environment: [String]) throws {
    do throws(CommandError) {
      if let preset { _ = try Self.preset(named: preset) }
    } catch {
      throw ValidationError(ErrorText.sentence(for: error))
    }
    if let wrong = environment.first(where: { !isVariable($0) }) {
      throw ValidationError("--agent-env '\(wrong)' is not the name of a variable")
    }
  }

  /// A name, and none of ours: those hold credentials.
  static func isVariable(_ name: String) -> Bool {
    !name.isEmpty && !name.contains("=") && !name.hasPrefix("BERAY_")
  }

  static func preset(named name: String) throws(CommandError) -> AgentPreset {
    guard let preset = AgentPreset.named(name) else {
      throw .badUse(
        "there is no agent '\(name)'", advice: "known are \(AgentPreset.all.map(\.name).joined(separator: ", "))")
    }
    return preset
  }

  private static func isInstalled(_ program: String, path: String?) -> Bool {
    let search = (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
    let directories = program.contains("/") ? [""] : search.map { $0 + "/" }
    return directories.contains { directory in
      let file = directory + program
      return FileStatus(behind: FilePath(file))?.isRegularFile == true && access(file, X_OK) == 0
    }
  }
}
