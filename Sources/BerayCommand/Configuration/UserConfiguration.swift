import BerayAPI
import BerayServer
import SystemPackage

/// The content of `config.json`. Every member is optional.
struct UserConfiguration: Hashable, Sendable {
  /// The server. Nil means the local server.
  var url: String?
  /// The preset of the local server's agent.
  var agent: String?
  /// The command of the local server's agent, instead of a preset.
  var agentCommand: [String]?
  /// What the local server's agent may do without asking.
  var agentAccess: AgentAccess?
  /// How to read the output of the agent's command.
  var agentFormat: AgentCommand.Format?
  /// Further environment variables that the agent inherits from the local server.
  var agentEnv: [String] = []
  /// The source of the first files of local tasks: a directory, or the URL of a git repository.
  var from: String?
  /// The path of a PEM file with the trusted certificates.
  var caFile: String?
  var cacheMiB: Int?
  /// Seconds.
  var freshness: Double?

  init() {}

  /// Reads `path`. A missing file is an empty configuration.
  /// - Throws: ``CommandError`` if the file is not a JSON object, has an unknown member, or has an invalid value.
  init(reading path: FilePath) throws(CommandError) {
    guard let bytes = try PrivateFile.readShared(path) else {
      self.init()
      return
    }
    let json: JSON
    do { json = try JSON(parsing: bytes) } catch {
      throw CommandError("\(path) is not JSON: \(error)", advice: "mend it, or remove it")
    }
    try self.init(json, path: path)
  }

  init(_ json: JSON, path: FilePath) throws(CommandError) {
    guard case .object(let members) = json else {
      throw CommandError("\(path) is not a JSON object", advice: #"write e.g. {"url": "http://localhost:8000"}"#)
    }
    for member in members {
      func wrong(_ expected: String) -> CommandError {
        CommandError("\(path): \"\(member.name)\" must be \(expected)", advice: "mend it")
      }
      switch (member.name, member.value) {
      case (_, .null): continue
      case ("url", .string(let text)): url = text
      case ("url", _): throw wrong("a string")
      case ("agent", let value):
        guard let name = value.stringValue, name == "auto" || AgentPreset.named(name) != nil else {
          throw wrong("auto, or one of \(AgentPreset.all.map(\.name).joined(separator: ", "))")
        }
        agent = name
      case ("agentCommand", let value):
        guard let words = Self.words(value), !words.isEmpty else { throw wrong("a list of strings") }
        agentCommand = words
      case ("agentAccess", let value):
        guard let access = value.stringValue.flatMap(AgentAccess.init(rawValue:)) else {
          throw wrong("one of \(AgentAccess.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        agentAccess = access
      case ("agentFormat", let value):
        guard let format = value.stringValue.flatMap(AgentCommand.Format.init(rawValue:)) else {
          throw wrong("one of \(AgentCommand.Format.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        agentFormat = format
      case ("agentEnv", let value):
        guard let names = Self.words(value), names.allSatisfy(AgentChoice.isVariable) else {
          throw wrong("a list of names of variables")
        }
        agentEnv = names
      case ("from", let value):
        guard let text = value.stringValue, text.hasPrefix("/") || text.contains(":") else {
          throw wrong("an absolute path or the URL of a git repository")
        }
        from = text
      case ("caFile", let value):
        guard let file = value.stringValue, file.hasPrefix("/") else { throw wrong("an absolute path") }
        caFile = file
      case ("cacheMiB", let value):
        guard let number = value.intValue, (0...1 << 20).contains(number) else { throw wrong("a number of MiB") }
        cacheMiB = Int(number)
      case ("freshness", let value):
        guard let number = value.doubleValue, number >= 0, number < 1e9 else { throw wrong("a number of seconds") }
        freshness = number
      default:
        throw CommandError(
          "\(path): \"\(member.name)\" is not known",
          advice: "known are \(Setting.all.map(\.name).joined(separator: ", "))")
      }
    }
    if agent != nil, agentCommand != nil {
      throw CommandError("\(path) has \"agent\" and \"agentCommand\"", advice: "leave one of the two out")
    }
  }

  private static func words(_ json: JSON) -> [String]? {
    guard let items = json.arrayValue else { return nil }
    let words = items.compactMap(\.stringValue)
    return words.count == items.count ? words : nil
  }
}
