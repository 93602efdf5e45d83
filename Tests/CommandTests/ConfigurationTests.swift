import ArgumentParser
import BerayServer
import SystemPackage
import Testing

@testable import BerayCommand

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

  @Test(arguments: [
    "{", "[]", #"{"urk": 1}"#, #"{"url": 1}"#, #"{"agentCommand": []}"#, #"{"freshness": -1}"#,
    #"{"agent": "nobody"}"#, #"{"agent": "shell", "agentCommand": ["a"]}"#, #"{"agentEnv": ["BERAY_TOKEN"]}"#,
    #"{"caFile": "relative"}"#,
  ])
  func refusesWhatItDoesNotKnow(_ text: String) throws {
    let scratch = Scratch()
    try scratch.write(text, to: scratch.paths.configurationFile)
    let error = #expect(throws: CommandError.self) { try UserConfiguration(reading: scratch.paths.configurationFile) }
    #expect(error?.what.contains("config.json") == true)
  }

  @Test func theAgentIsOfTheCommandLineThenOfTheFile() throws {
    var file = UserConfiguration()
    file.agentCommand = ["sh", "-c"]
    file.agentEnv = ["KEY", "OTHER"]
    #expect(
      AgentChoice(environment: ["KEY"], configuration: file).options
        == ["--agent-env", "KEY", "--agent-env", "OTHER", "--agent-command", "sh", "-c"])
    #expect(AgentChoice(preset: "shell", configuration: file).options.suffix(2) == ["--agent", "shell"])
    #expect(try AgentChoice(preset: "shell", configuration: file).resolved(path: nil).arguments[0] == "/bin/sh")
    #expect(try AgentChoice(configuration: file).resolved(path: "/nowhere:/bin").arguments == ["sh", "-c"])
  }

  @Test func anAgentThatIsNotInstalledIsRefused() {
    let none = UserConfiguration()
    for choice in [
      AgentChoice(preset: "claude", configuration: none), AgentChoice(command: ["/no/such"], configuration: none),
      AgentChoice(command: ["/etc/passwd"], configuration: none), AgentChoice(command: ["sh"], configuration: none),
    ] {
      #expect(throws: CommandError.self) { try choice.resolved(path: "/nowhere") }
    }
  }

  @Test func certificatesAreOfTheFirstThatIsNamed() throws {
    var options = try ServerOptions.parse([])
    var file = UserConfiguration()
    #expect(try options.authorities([:], file) == nil)
    #expect(try options.authorities(["SSL_CERT_FILE": "/etc/passwd"], file) == "/etc/passwd")
    file.caFile = "/etc/group"
    #expect(try options.authorities(["SSL_CERT_FILE": "/etc/passwd"], file) == "/etc/group")
    #expect(try options.authorities(["BERAY_CA_FILE": "/etc/hosts"], file) == "/etc/hosts")
    options.caFile = "/no/such"
    let error = #expect(throws: CommandError.self) { try options.authorities([:], file) }
    #expect(error?.what.contains("/no/such") == true)
  }

  @Test func theHomeIsOfPasswdWhereNoVariableTells() throws {
    #expect(try Paths(environment: ["HOME": ""], userID: 0).configuration == "/root/.config/beray-fs")
    let nobody: UInt32 = 3_999_999_999
    #expect(throws: CommandError.self) { try Paths(environment: [:], userID: nobody) }
  }

  @Test func directoriesFollowXDG() throws {
    let paths = try Paths(environment: [
      "HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "relative", "XDG_RUNTIME_DIR": "/r",
    ])
    #expect(paths.credentialsFile == "/c/beray-fs/credentials.json")
    #expect(paths.data == "/h/.local/share/beray-fs")
    // Not beneath XDG_RUNTIME_DIR, which goes away when the user logs out.
    #expect(paths.serverSocket == "/h/.local/share/beray-fs/server.sock")
    let long = FilePath("/" + String(repeating: "d", count: 100))
    #expect(paths.serverSocket(data: long).string.hasPrefix("/tmp/beray-fs-"))
    #expect(paths.serverSocket(data: long).string.utf8.count <= 107)
    #expect(paths.mountRecords == "/h/.local/state/beray-fs/mounts")
    #expect(paths.serverSocket == paths.serverSocket(data: "/h/.local/share/beray-fs"))
    #expect(paths.serverSocket != paths.serverSocket(data: "/other"))
  }

  @Test func whatAnAgentIsGivenSaysNothingOfItsServer() {
    let arguments = ["beray-fs", "serve", "--agent-command", "x", "--idle-timeout", "5", "--agent", "shell"]
    let process = LocalServerProcess(id: 1, arguments: arguments)
    #expect(!process.startedByItself)
    #expect(process.agent == "x --idle-timeout 5 --agent shell")
    #expect(LocalServerProcess(id: 1, arguments: ["beray-fs", "serve", "--idle-timeout", "5"]).startedByItself)
  }

  @Test func anAgentThatIsNamedByAPathFromHereIsRunFromAnywhere() throws {
    let configuration = try UserConfiguration(reading: "/no/such/file")
    let choice = AgentChoice(command: ["./x", "./y"], configuration: configuration)
    #expect(choice.command == [AbsolutePath.of("./x"), "./y"])
    #expect(AgentChoice(command: ["sh"], configuration: configuration).command == ["sh"])
  }
}
