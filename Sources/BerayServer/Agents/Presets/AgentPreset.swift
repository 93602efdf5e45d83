/// A ready-made configuration of a known agent.
package struct AgentPreset: Hashable, Sendable {
  /// How well the preset was verified.
  package enum Evidence: Hashable, Sendable {
    /// The agent is part of this program.
    case own
    /// The tests ran this version.
    case ran(version: String)
    /// Only its documentation was read.
    case documented
  }

  /// The name that `--agent` takes.
  package let name: String
  /// One line for help texts.
  package let summary: String
  /// How to install it.
  package let install: String
  package let evidence: Evidence
  /// The arguments that make it print its version.
  package let versionArguments: [String]
  /// Its credentials; nil if it needs none.
  package let credentials: AgentCredentials?
  /// The access level that it gets by default.
  package let standardAccess: AgentAccess
  private let commands: [AgentAccess: AgentCommand]
  private let notes: [AgentAccess: String]

  init(
    _ name: String, _ summary: String, install: String, evidence: Evidence,
    versionArguments: [String] = ["--version"], credentials: AgentCredentials? = nil,
    access: [(AgentAccess, note: String, AgentCommand)]
  ) {
    self.name = name
    self.summary = summary
    self.install = install
    self.evidence = evidence
    self.versionArguments = versionArguments
    self.credentials = credentials
    standardAccess = access.first?.0 ?? .all
    var commands: [AgentAccess: AgentCommand] = [:]
    var notes: [AgentAccess: String] = [:]
    for (access, note, command) in access {
      commands[access] = command
      commands[access]?.name = name
      notes[access] = note
    }
    self.commands = commands
    self.notes = notes
  }

  /// The access levels that it supports.
  package var accesses: [AgentAccess] { commands.keys.sorted() }

  /// Returns the command that runs it with an access level.
  /// - Parameter access: nil for ``standardAccess``.
  /// - Returns: nil if the agent does not support that level.
  package func command(_ access: AgentAccess? = nil) -> AgentCommand? { commands[access ?? standardAccess] }

  /// Describes in words what it may do.
  package func note(_ access: AgentAccess? = nil) -> String { notes[access ?? standardAccess] ?? "" }

  /// The program that must be installed.
  package var program: String { commands[standardAccess]?.arguments.first ?? name }

  /// The preset of that name.
  package static func named(_ name: String) -> AgentPreset? { all.first { $0.name == name } }

  /// Every preset, in the order in which help shows them.
  package static let all: [AgentPreset] = [
    demo, shell, claude, codex, gemini, aider, goose, openCode, copilot, vibe, gptme, openHands, mini, qwen, cursor,
    amp,
    droid, crush,
  ]
}
