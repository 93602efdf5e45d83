import BerayAPI
import BerayServer
import LinuxSystem

/// The state of a preset on this machine.
struct InstalledAgent: Sendable {
  let preset: AgentPreset
  /// The path of its program; nil if it is not installed.
  let path: String?
  /// The names of the variables and login files that were found, never their values.
  let credentials: [String]
  /// Why it cannot work; nil if nothing is known to be missing.
  let problem: String?

  init(_ preset: AgentPreset, environment: [String: String]) {
    self.preset = preset
    path = AgentProgram.path(of: preset.program, searching: environment["PATH"])
    credentials = preset.credentials?.found(in: environment) ?? []
    if path == nil {
      problem = "not installed"
    } else if let complaint = preset.command()?.complaint(in: environment) {
      problem = complaint
    } else {
      // Some agents keep their login where only they can read it.
      problem = preset.credentials != nil && credentials.isEmpty ? "no key or login found, but it may have one" : nil
    }
  }

  /// Every preset, in the order of help.
  static func all(_ environment: [String: String]) -> [InstalledAgent] {
    AgentPreset.all.map { InstalledAgent($0, environment: environment) }
  }

  /// The agents that can start now, without the built-in ones.
  static func ready(_ environment: [String: String]) -> [InstalledAgent] {
    all(environment).filter { $0.isReady && !$0.isOwn }
  }

  var isReady: Bool { problem == nil }

  /// Whether the agent is built into this program.
  var isOwn: Bool { preset.evidence == .own }

  /// Asks the program for its version; nil if it prints none. Blocks for up to 5 seconds.
  func version(_ environment: [String: String]) -> String? {
    guard let path, !isOwn else { return nil }
    let program = Spawn(
      executable: path, arguments: [path] + preset.versionArguments,
      environment: environment.filter { !$0.key.hasPrefix("BERAY_") })
    guard let run = try? ProgramRun(program, timeout: .seconds(5)), run.succeeded else { return nil }
    return String(decoding: run.output, as: UTF8.self).firstMatch(of: /\d+\.\d+(\.\d+)*/).map { String($0.0) }
  }

  /// How the preset was tested, in words for users.
  var evidence: String {
    switch preset.evidence {
    case .own: "part of beray-fs"
    case .ran(let version): "run with version \(version)"
    case .documented: "by its documentation only"
    }
  }

  func json(version: String?) -> JSON {
    [
      "name": .string(preset.name), "summary": .string(preset.summary), "ready": .bool(isReady),
      "problem": problem.map { .string($0) } ?? .null, "path": path.map { .string($0) } ?? .null,
      "version": version.map { .string($0) } ?? .null, "credentials": .array(credentials.map { .string($0) }),
      "access": .string(preset.standardAccess.rawValue),
      "accesses": .object(preset.accesses.map { JSON.Member($0.rawValue, .string(preset.note($0))) }),
      "install": .string(preset.install), "evidence": .string(evidence),
    ]
  }
}
