import SystemPackage
import Testing

@testable import beray_fs

@Suite struct ConfigurationTests {
  @Test func flagThenEnvironmentThenFileThenLocal() {
    var file = UserConfiguration()
    file.url = "http://file"
    let environment = ["BERAY_URL": "http://environment"]
    #expect(ServerChoice(flag: "http://flag", environment: environment, configuration: file) == .url("http://flag"))
    #expect(ServerChoice(flag: nil, environment: environment, configuration: file) == .url("http://environment"))
    #expect(ServerChoice(flag: nil, environment: ["BERAY_URL": ""], configuration: file) == .url("http://file"))
    #expect(ServerChoice(flag: nil, environment: [:], configuration: UserConfiguration()) == .local)
    #expect(ServerChoice(flag: "local", environment: environment, configuration: file) == .local)
  }

  @Test func readsTheFile() throws {
    let scratch = Scratch()
    #expect(try UserConfiguration(reading: scratch.paths.configurationFile) == UserConfiguration())
    try scratch.write(
      #"{"url": "http://h", "agentCommand": ["a", "b"], "cacheMiB": 5, "freshness": 0.5}"#,
      to: scratch.paths.configurationFile)
    let file = try UserConfiguration(reading: scratch.paths.configurationFile)
    #expect(file.url == "http://h" && file.agentCommand == ["a", "b"] && file.cacheMiB == 5 && file.freshness == 0.5)
  }

  @Test(arguments: ["{", "[]", #"{"urk": 1}"#, #"{"url": 1}"#, #"{"agentCommand": []}"#, #"{"freshness": -1}"#])
  func refusesWhatItDoesNotKnow(_ text: String) throws {
    let scratch = Scratch()
    try scratch.write(text, to: scratch.paths.configurationFile)
    let error = #expect(throws: CommandError.self) { try UserConfiguration(reading: scratch.paths.configurationFile) }
    #expect(error?.what.contains("config.json") == true)
  }

  @Test func directoriesFollowXDG() {
    let paths = Paths(environment: [
      "HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "relative", "XDG_RUNTIME_DIR": "/r",
    ])
    #expect(paths.credentialsFile == "/c/beray-fs/credentials.json")
    #expect(paths.data == "/h/.local/share/beray-fs")
    #expect(paths.serverSocket.string.hasPrefix("/r/beray-fs/server-"))
    #expect(paths.serverSocket == paths.serverSocket(data: "/h/.local/share/beray-fs"))
    #expect(paths.serverSocket != paths.serverSocket(data: "/other"))
  }
}
