import BerayAPI
import SystemPackage

/// What `config.json` says. Every member may be missing.
struct UserConfiguration: Hashable, Sendable {
  /// The server; nil: the local one.
  var url: String?
  /// The preset of the local server's agent.
  var agent: String?
  /// The command of the local server's agent, instead of a preset.
  var agentCommand: [String]?
  var cacheMiB: Int?
  /// Seconds.
  var freshness: Double?

  init() {}

  /// Reads `path`; a file that is not there is an empty configuration.
  /// - Throws: ``CommandError`` where it is no JSON object, has a member that is not known, or a value of the wrong type.
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
      case ("agent", .string(let text)): agent = text
      case ("agent", _): throw wrong("the name of a preset")
      case ("agentCommand", .array(let items)):
        let words = items.compactMap(\.stringValue)
        guard words.count == items.count, !words.isEmpty else { throw wrong("a list of strings") }
        agentCommand = words
      case ("agentCommand", _): throw wrong("a list of strings")
      case ("cacheMiB", let value):
        guard let number = value.intValue, (0...1 << 20).contains(number) else { throw wrong("a number of MiB") }
        cacheMiB = Int(number)
      case ("freshness", let value):
        guard let number = value.doubleValue, number >= 0, number < 1e9 else { throw wrong("a number of seconds") }
        freshness = number
      default:
        throw CommandError(
          "\(path): \"\(member.name)\" is not known",
          advice: "known are url, agent, agentCommand, cacheMiB, freshness")
      }
    }
  }
}
