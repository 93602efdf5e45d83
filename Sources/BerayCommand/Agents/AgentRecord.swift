import BerayAPI
import BerayServer
import SystemPackage

/// The agent that was last chosen for a data directory. The directory's next server uses it again.
struct AgentRecord: Hashable, Sendable {
  let choice: AgentChoice
  /// The agent in config.json when this record was written. If config.json has changed since, it takes precedence.
  let configured: String

  private static func path(_ data: FilePath) -> FilePath { data.appending("agent.json") }

  /// Nil if there is no record or it cannot be parsed.
  init?(data: FilePath) {
    guard let bytes = try? PrivateFile.readShared(Self.path(data)), let json = try? JSON(parsing: bytes) else {
      return nil
    }
    func words(_ name: String) -> [String] { json[name]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    choice = AgentChoice(
      recordedPreset: json["agent"]?.stringValue, command: words("agentCommand"),
      access: json["agentAccess"]?.stringValue.flatMap(AgentAccess.init(rawValue:)),
      format: json["agentFormat"]?.stringValue.flatMap(AgentCommand.Format.init(rawValue:)),
      environment: words("agentEnv"))
    configured = json["configured"]?.stringValue ?? ""
  }

  init(_ choice: AgentChoice, configuration: UserConfiguration) {
    self.choice = choice
    configured = Self.name(configuration)
  }

  /// The recorded choice, unless config.json has changed its agent since.
  static func remembered(data: FilePath, configuration: UserConfiguration) -> AgentChoice? {
    guard let record = AgentRecord(data: data), record.configured == name(configuration) else { return nil }
    return record.choice
  }

  /// Writes the record. The directory must already belong to a server.
  func write(data: FilePath) throws(CommandError) {
    func words(_ words: [String]) -> JSON { .array(words.map { .string($0) }) }
    let json: JSON = [
      "agent": choice.preset.map { .string($0) } ?? .null, "agentCommand": words(choice.command),
      "agentAccess": choice.access.map { .string($0.rawValue) } ?? .null,
      "agentFormat": choice.format.map { .string($0.rawValue) } ?? .null, "agentEnv": words(choice.environment),
      "configured": .string(configured),
    ]
    try PrivateFile.replace(Self.path(data), with: Array((json.serialized() + "\n").utf8))
  }

  private static func name(_ configuration: UserConfiguration) -> String {
    AgentChoice(configuration: configuration).options.joined(separator: " ")
  }
}
