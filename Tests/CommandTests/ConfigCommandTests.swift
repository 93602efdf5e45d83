import BerayAPI
import SystemPackage
import Testing

@testable import BerayCommand

@Suite struct ConfigCommandTests {
  @Test func aSettingIsSetShownAndTakenBack() async throws {
    let world = TestWorld()
    #expect(await world.run("config", "set", "url", "http://h:1") == 0)
    #expect(await world.run("config", "get", "url") == 0)
    #expect(world.output == "http://h:1\n")
    #expect(await world.run("config", "set", "agentCommand", "my-agent", "--model", "small") == 0)
    #expect(await world.run("config", "set", "cacheMiB", "64") == 0)
    let file = try UserConfiguration(reading: world.scratch.paths.configurationFile)
    #expect(file.url == "http://h:1" && file.agentCommand == ["my-agent", "--model", "small"] && file.cacheMiB == 64)
    #expect(await world.run("config", "set", "agent", "shell") == 0)
    #expect(world.errors.contains("agentCommand is unset"))
    #expect(await world.run("config", "unset", "url") == 0)
    let after = try UserConfiguration(reading: world.scratch.paths.configurationFile)
    #expect(after.url == nil && after.agentCommand == nil && after.agent == "shell" && after.cacheMiB == 64)
  }

  @Test func eachTellsWhereItComesFrom() async throws {
    let world = TestWorld()
    #expect(await world.run("config", "set", "url", "http://file") == 0)
    #expect(await world.run("config", "--json", environment: ["BERAY_URL": "http://variable"]) == 0)
    let rows = try #require(JSON(parsing: world.output).arrayValue)
    #expect(rows.map { $0["name"]?.stringValue } == Setting.all.map(\.name))
    #expect(rows[0] == ["name": "url", "value": "http://variable", "from": "BERAY_URL"])
    #expect(rows[1] == ["name": "agent", "value": .null, "from": "default"])
    let table = TestWorld()
    #expect(await table.run("config") == 0)
    #expect(table.output.contains("url           default  local\n"), "\(table.output)")
  }

  @Test(arguments: [
    (["config", "set", "urk", "x"], "did you mean 'url'?"), (["config", "set", "cacheMiB", "much"], "takes a number"),
    (["config", "set", "agent", "nobody"], "must be auto, or one of"),
    (["config", "set", "caFile", "relative"], "absolute path"),
    (["config", "get", "quux"], "known are url"), (["config", "sett", "url", "x"], "did you mean 'config set'?"),
  ])
  func whatCannotBeSetIsRefused(_ words: [String], _ reason: String) async throws {
    let world = TestWorld()
    #expect(await Program.run(words, in: world.context) == 2)
    #expect(world.errors.contains(reason), "\(world.errors)")
    #expect(try ConfigurationFile(path: world.scratch.paths.configurationFile).members().isEmpty)
  }

  @Test func everySettingIsOneOfTheFile() throws {
    let values: [Setting.Kind: JSON] = [.number: 1, .words: ["A"], .text: "/x"]
    let words: [String: JSON] = ["agent": "shell", "agentAccess": "edits", "agentFormat": "lines"]
    for setting in Setting.all {
      let value = words[setting.name] ?? values[setting.kind] ?? .null
      #expect(throws: Never.self, "\(setting.name)") {
        try UserConfiguration(.object([.init(setting.name, value)]), path: "/c")
      }
    }
  }
}
