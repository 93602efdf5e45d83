import ArgumentParser
import BerayAPI

/// `beray-fs config`.
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Show and change the settings.",
    usage: "beray-fs config [<subcommand>]",
    discussion: """
      They are kept in ~/.config/beray-fs/config.json. A flag overrides a variable, and a variable overrides the file.

      SETTINGS:
      \(Setting.all.map { "  \($0.name.padded(to: 14))\($0.help)" }.joined(separator: "\n"))

      EXAMPLE:
        beray-fs config
        beray-fs config set url https://beray.example.org
        beray-fs config set agent claude
        beray-fs config unset agent
      """,
    subcommands: [List.self, Get.self, Set.self, Unset.self], defaultSubcommand: List.self)

  struct List: ContextualCommand {
    static let configuration = CommandConfiguration(
      abstract: "List all settings, and where each comes from.",
      usage: "beray-fs config list [<options>]",
      discussion: """
        EXAMPLE:
          beray-fs config list
          beray-fs config list --json
        """)

    @OptionGroup var output: JSONOption

    func run(in context: Context) async throws {
      let file = ConfigurationFile(path: try context.paths().configurationFile)
      let members = try file.members()
      try context.show(
        SettingsTable(values: Setting.all.map { $0.current(members, environment: context.environment) }), output)
    }
  }

  struct Get: ContextualCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print one setting.",
      usage: "beray-fs config get <name> [<options>]",
      discussion: """
        EXAMPLE:
          beray-fs config get url
        """)

    @Argument(help: "Its name.", completion: .list(Setting.all.map(\.name)))
    var name: String

    @OptionGroup var output: JSONOption

    func run(in context: Context) async throws {
      let members = try ConfigurationFile(path: context.paths().configurationFile).members()
      try context.show(
        OneSetting(value: Setting.named(name).current(members, environment: context.environment)), output)
    }
  }

  struct Set: ContextualCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set one.",
      usage: "beray-fs config set <name> <value> ...",
      discussion: """
        EXAMPLE:
          beray-fs config set url https://beray.example.org
          beray-fs config set agentCommand my-agent --model small
          beray-fs config set agentEnv OPENAI_API_KEY HTTPS_PROXY
        """)

    @Argument(help: "Its name.", completion: .list(Setting.all.map(\.name)))
    var name: String

    @Argument(parsing: .captureForPassthrough, help: "Its value; several words for a list.")
    var value: [String]

    func run(in context: Context) async throws {
      let setting = try Setting.named(name)
      let file = ConfigurationFile(path: try context.paths().configurationFile)
      let before = try file.members()
      try file.set(setting, to: setting.value(value))
      if let excluded = setting.excludes, before.contains(where: { $0.name == excluded }) {
        context.note("\(excluded) is unset, because \(name) replaces it")
      }
      let current = setting.current(try file.members(), environment: context.environment)
      if current.origin != "config.json" { context.note("\(current.origin) is set and overrides it: \(current.text)") }
    }
  }

  struct Unset: ContextualCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reset a setting to its default.",
      usage: "beray-fs config unset <name>",
      discussion: """
        EXAMPLE:
          beray-fs config unset url
        """)

    @Argument(help: "Its name.", completion: .list(Setting.all.map(\.name)))
    var name: String

    func run(in context: Context) async throws {
      try ConfigurationFile(path: context.paths().configurationFile).set(Setting.named(name), to: nil)
    }
  }
}

/// Every setting with its value and origin.
struct SettingsTable: Payload {
  let values: [SettingValue]

  var json: JSON {
    let members = values.map { value -> JSON in
      .object([
        .init("name", .string(value.setting.name)), .init("value", value.value ?? .null),
        .init("from", .string(value.origin)),
      ])
    }
    return .array(members)
  }

  func lines(on page: Page) -> [String] {
    var table = Table("NAME", "FROM", "VALUE")
    for value in values {
      let style: Style = value.value == nil ? .dim : .plain
      table.append([
        Table.Cell(value.setting.name), Table.Cell(value.origin, style),
        Table.Cell(value.text.isEmpty ? "-" : value.text, style),
      ])
    }
    return table.lines(on: page)
  }
}

/// The value of one setting.
struct OneSetting: Payload {
  let value: SettingValue

  var json: JSON { value.value ?? .null }
  func lines(on page: Page) -> [String] { [ShownText.escaped(value.text)] }
}
