/// An agent that is known by name.
public struct AgentPreset: Hashable, Sendable {
  /// How far what is said here was tried.
  public enum Evidence: Hashable, Sendable {
    /// Part of this program.
    case own
    /// This version was run by the tests.
    case ran(version: String)
    /// Only its documentation was read.
    case documented
  }

  /// The name that `--agent` takes.
  public let name: String
  /// One line for help texts.
  public let summary: String
  /// How to get it.
  public let install: String
  public let evidence: Evidence
  /// What it is started with to tell its version.
  public let versionArguments: [String]
  /// Its credentials; nil if it needs none.
  public let credentials: AgentCredentials?
  /// What it may do without asking, by default.
  public let standardAccess: AgentAccess
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

  /// The accesses that it can be given.
  public var accesses: [AgentAccess] { commands.keys.sorted() }

  /// What it runs as.
  /// - Parameter access: nil for its standard one.
  /// - Returns: nil if it cannot be held to that.
  public func command(_ access: AgentAccess? = nil) -> AgentCommand? { commands[access ?? standardAccess] }

  /// What it may do, in words.
  public func note(_ access: AgentAccess? = nil) -> String { notes[access ?? standardAccess] ?? "" }

  /// The program that must be installed.
  public var program: String { commands[standardAccess]?.arguments.first ?? name }

  /// The preset of that name.
  public static func named(_ name: String) -> AgentPreset? { all.first { $0.name == name } }

  /// Every preset, in the order in which help shows them.
  public static let all: [AgentPreset] = [
    demo, shell, claude, codex, gemini, aider, goose, openCode, copilot, vibe, gptme, openHands, mini, qwen, cursor,
    amp,
    droid, crush,
  ]
}
