import BerayAPI

/// A member of `config.json`.
struct Setting: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case text, words, number
  }

  let name: String
  let kind: Kind
  let help: String
  /// The default value, as shown to users.
  let standard: String
  /// Environment variables that override the file, in order of precedence.
  var variables: [String] = []
  /// Environment variables that apply if the file does not set it.
  var lesserVariables: [String] = []
  /// The setting that cannot be set at the same time.
  var excludes: String?

  static let all = [
    Setting(
      name: "url", kind: .text, help: "the default server", standard: "local",
      variables: ["BERAY_URL"]),
    Setting(
      name: "agent", kind: .text, help: "the preset of the local server's agent", standard: "demo",
      excludes: "agentCommand"),
    Setting(
      name: "agentCommand", kind: .words, help: "an agent program and its arguments", standard: "", excludes: "agent"),
    Setting(
      name: "agentAccess", kind: .text, help: "what the agent may do without asking", standard: "the agent's own"),
    Setting(name: "agentFormat", kind: .text, help: "what the agent command writes", standard: "lines"),
    Setting(name: "from", kind: .text, help: "what tasks of the local server begin with", standard: ""),
    Setting(name: "agentEnv", kind: .words, help: "variables that the agent gets too", standard: ""),
    Setting(
      name: "caFile", kind: .text, help: "certificates that servers are trusted by", standard: "the system's",
      variables: ["BERAY_CA_FILE"], lesserVariables: ["SSL_CERT_FILE"]),
    Setting(name: "cacheMiB", kind: .number, help: "how much of files a mount keeps in memory", standard: "256"),
    Setting(
      name: "freshness", kind: .number, help: "how many seconds old a mount's view may be",
      standard: "1, and 30 once a task has ended"),
  ]

  /// Finds a setting by its name.
  /// - Throws: ``CommandError`` for an unknown name, with the nearest known one.
  static func named(_ name: String) throws(CommandError) -> Setting {
    guard let setting = all.first(where: { $0.name == name }) else {
      let similar = Spelling.nearest(to: name, in: all.map(\.name))
      throw .badUse(
        "there is no setting '\(name)'",
        advice: similar.map { "did you mean '\($0)'?" } ?? "known are \(all.map(\.name).joined(separator: ", "))")
    }
    return setting
  }

  /// Converts the words of a command line to the value in the file.
  func value(_ words: [String]) throws(CommandError) -> JSON {
    if kind == .words { return .array(words.map { .string($0) }) }
    guard words.count == 1 else { throw .badUse("\(name) takes one value", advice: "put quotes around it") }
    guard kind == .number else { return .string(words[0]) }
    guard let number = try? JSON(parsing: words[0]), case .number = number else {
      throw .badUse("\(name) takes a number, not '\(words[0])'")
    }
    return number
  }

  /// The effective value, and where it comes from.
  func current(_ file: [JSON.Member], environment: [String: String]) -> SettingValue {
    func variable(_ names: [String]) -> SettingValue? {
      names.lazy.compactMap { name in
        environment[name].flatMap { $0.isEmpty ? nil : SettingValue(setting: self, value: .string($0), origin: name) }
      }.first
    }
    if let given = variable(variables) { return given }
    if let member = file.last(where: { $0.name == name }), member.value != .null {
      return SettingValue(setting: self, value: member.value, origin: "config.json")
    }
    return variable(lesserVariables) ?? SettingValue(setting: self, value: nil, origin: "default")
  }
}

/// The value of a setting, and what set it.
struct SettingValue: Hashable, Sendable {
  let setting: Setting
  /// Nil if the default applies.
  let value: JSON?
  /// A variable, `config.json`, or `default`.
  let origin: String

  /// The value as a user types it.
  var text: String {
    switch value {
    case nil: setting.standard
    case .array(let words): words.map { $0.stringValue ?? $0.serialized() }.joined(separator: " ")
    case .string(let text): text
    case let value?: value.serialized()
    }
  }
}
