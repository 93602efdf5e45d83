import ArgumentParser
import BerayAPI
import BerayServer
import Foundation
import LinuxSystem
import SystemPackage
import Testing

@testable import BerayCommand

/// Which agent a local server gets, and what people are told of it.
@Suite struct AgentMemoryTests {
  private func options(_ words: [String]) throws -> AgentOptions { try AgentOptions.parse(words) }

  private func choice(
    _ words: [String], _ scratch: Scratch, configuration: UserConfiguration = UserConfiguration(),
    environment: [String: String] = [:]
  ) throws -> AgentChoice {
    try AgentOptions.choice(
      try options(words), paths: scratch.paths, configuration: configuration, environment: environment)
  }

  private func remember(_ words: [String], _ scratch: Scratch, configuration: UserConfiguration = UserConfiguration())
    throws
  {
    try FileManager.default.createDirectory(atPath: scratch.paths.data.string, withIntermediateDirectories: true)
    let choice = try choice(words, scratch, configuration: configuration)
    try AgentRecord(choice, configuration: configuration).write(data: scratch.paths.data)
  }

  @Test func aServerHasTheAgentThatItHadBefore() throws {
    let scratch = Scratch()
    #expect(try choice([], scratch).name == "demo")
    try remember(["--agent", "shell", "--agent-env", "KEY"], scratch)
    #expect(try choice([], scratch).options == ["--agent-env", "KEY", "--agent", "shell"])
    try remember(["--agent-format", "claude", "--agent-command", "mine", "-x"], scratch)
    #expect(try choice([], scratch).options == ["--agent-format", "claude", "--agent-command", "mine", "-x"])
  }

  @Test func aVariableThatAServerHasTwiceHasItsFirstValue() throws {
    let arguments = [strdup("sleep"), strdup("600"), nil]
    let variables = [strdup("KEY=first"), strdup("KEY=second"), nil]
    defer { (arguments + variables).forEach { free($0) } }
    var child: pid_t = 0
    try #require(posix_spawn(&child, "/bin/sleep", nil, nil, arguments, variables) == 0)
    defer {
      kill(child, SIGKILL)
      ProcessHandle.reap(child)
    }
    // The execve(2) may still be under way.
    while ProcessEnvironment.of(child).isEmpty { sched_yield() }
    let server = LocalServerProcess(id: child, arguments: [])
    #expect(server.lacking(["KEY"], of: ["KEY": "first"]).isEmpty)
    #expect(server.lacking(["KEY"], of: ["KEY": "second"]) == ["KEY"])
  }

  @Test func whatIsSaidNowCounts() throws {
    let scratch = Scratch()
    try remember(["--agent", "shell"], scratch)
    #expect(try choice(["--agent", "claude"], scratch).name == "claude")
    #expect(try choice(["--agent-env", "KEY"], scratch).options == ["--agent-env", "KEY", "--agent", "shell"])
  }

  @Test func aConfigurationThatChangedIsTheNewerWord() throws {
    let scratch = Scratch()
    var configuration = UserConfiguration()
    configuration.agent = "claude"
    try remember(["--agent", "shell"], scratch, configuration: configuration)
    #expect(try choice([], scratch, configuration: configuration).name == "shell")
    configuration.agent = "codex"
    #expect(try choice([], scratch, configuration: configuration).name == "codex")
  }

  @Test func autoIsTheOnlyAgentThatIsReady() throws {
    let scratch = Scratch()
    let bin = scratch.paths.state.string + "/bin"
    try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
    let environment = ["PATH": bin, "ANTHROPIC_API_KEY": "k", "HOME": "/nowhere"]
    #expect(throws: CommandError.self) { try choice(["--agent", "auto"], scratch, environment: environment) }
    try FileManager.default.createSymbolicLink(atPath: bin + "/claude", withDestinationPath: "/bin/true")
    #expect(try choice(["--agent", "auto"], scratch, environment: environment).name == "claude")
    try FileManager.default.createSymbolicLink(atPath: bin + "/aider", withDestinationPath: "/bin/true")
    #expect(throws: CommandError.self) { try choice(["--agent", "auto"], scratch, environment: environment) }
  }

  @Test func anAccessThatAnAgentDoesNotHaveIsRefused() throws {
    let scratch = Scratch()
    let choice = try choice(["--agent", "shell", "--agent-access", "edits"], scratch)
    #expect(throws: CommandError.self) { try choice.resolved(path: "/bin") }
  }

  @Test func theDemonstrationNamesRealAgents() {
    #expect(AgentNotice(name: "shell", ready: ["claude"]).text == "the agent is shell")
    let text = AgentNotice(name: "demo", ready: ["claude", "codex"]).text
    #expect(text.contains("claude, codex") && text.contains("beray-fs --agent claude MOUNTPOINT"))
    #expect(AgentNotice(name: "demo", ready: []).text.contains("beray-fs agents"))
  }

  @Test func keysAreNamedAndNeverShown() throws {
    let preset = try #require(AgentPreset.named("claude"))
    let agent = InstalledAgent(preset, environment: ["PATH": "/nowhere", "ANTHROPIC_API_KEY": "secret"])
    #expect(agent.credentials == ["ANTHROPIC_API_KEY"])
    #expect(!agent.json(version: nil).serialized().contains("secret"))
    #expect(agent.problem == "not installed")
  }
}
