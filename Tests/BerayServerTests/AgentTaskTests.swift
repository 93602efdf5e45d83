import BerayAPI
import Foundation
import GRDB
import Testing

@testable import BerayServer

/// What a task may ask for beyond its goal, and what its agent is started with.
@Suite(.timeLimit(.minutes(5))) struct AgentTaskTests {
  private func create(_ server: TestServer, _ body: JSON) async throws -> Int64 {
    let response = try await server.client.post("/api/v1/tasks/", body)
    #expect(response.status == 200, "\(response.json.serialized())")
    return try #require(response.json["id"]?.intValue)
  }

  @Test func eachTaskMayNameItsAgent() async throws {
    let own = AgentCommand(name: "own", arguments: ["/bin/sh", "-c", "echo own agent"])
    try await TestServer.run(agent: own) { (server: TestServer) async throws in
      for (agent, name, result) in [(JSON.null, "own", "own agent"), ("shell", "shell", "a shell")] {
        let id = try await create(server, ["goal": "echo a shell", "agent": agent])
        _ = try await server.follow(id)
        let task = try await server.client.get("/api/v1/tasks/\(id)").json
        #expect(task["agent"]?.stringValue == name)
        #expect(task["result"]?.stringValue == result)
      }
      let refused = try await server.client.post("/api/v1/tasks/", ["goal": "x", "agent": "nobody"])
      #expect(refused.status == 422)
    }
  }

  @Test func aTaskBeginsWithACopyOfADirectory() async throws {
    let source = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: source) }
    try FileManager.default.createDirectory(atPath: source + "/sub dir", withIntermediateDirectories: true)
    try "1".write(toFile: source + "/sub dir/a", atomically: true, encoding: .utf8)
    try FileManager.default.createSymbolicLink(atPath: source + "/link", withDestinationPath: "sub dir/a")
    let extra = source + "-extra"
    defer { try? FileManager.default.removeItem(atPath: extra) }
    try "2".write(toFile: extra, atomically: true, encoding: .utf8)
    try await TestServer.run { (server: TestServer) async throws in
      let body: JSON = ["goal": "cat link", "from": .string(source), "files": [.string(extra)]]
      let id = try await create(server, body)
      #expect(try await server.follow(id).last?["status"] == "COMPLETED")
      let work = server.workDirectory(id)
      #expect(try String(contentsOfFile: work + "/sub dir/a", encoding: .utf8) == "1")
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: work + "/link") == "sub dir/a")
      #expect(
        FileManager.default.contents(atPath: work + "/" + (extra as NSString).lastPathComponent) == Data("2".utf8))
      #expect(try await server.client.get("/api/v1/tasks/\(id)").json["from"]?.stringValue == source)
      let refused = try await server.client.post("/api/v1/tasks/", ["goal": "x", "from": "/no/such/directory"])
      #expect(refused.status == 422)
    }
  }

  @Test func onlyWhoRunsTheServerNamesFilesOfItsMachine() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      _ = try await server.stranger.post("/api/v1/auth/request-verification-code", ["email": "o@example.org"])
      let code = try #require(AccountTests.code(for: "o@example.org", in: server))
      let session = try await AccountTests.register(server, "o@example.org", code)
      var other = server.client
      other.token = try #require(session.json["access_token"]?.stringValue)
      #expect(try await other.post("/api/v1/tasks/", ["goal": "ls", "from": "/etc"]).status == 403)
      #expect(try await other.post("/api/v1/tasks/", ["goal": "ls", "files": ["/etc/passwd"]]).status == 403)
      #expect(try await other.post("/api/v1/tasks/", ["goal": "true", "agent": "shell"]).status == 200)
    }
  }

  @Test(arguments: [
    ("https://host/repository", true), ("git@host:repository", true), ("ssh://host/r", true), ("/a:b", false),
    ("--upload-pack=x", false), ("relative", false),
  ])
  func aRepositoryIsKnownByItsURL(_ text: String, isURL: Bool) {
    #expect(WorkSource.isURL(text) == isURL)
  }

  @Test func whatAnAgentNeedsIsLookedForBeforeItStarts() async throws {
    var agent = AgentCommand(arguments: ["/bin/sh", "-c", "echo started > started"])
    agent.needs = [.program("no-such-sandbox", advice: "install it")]
    try await TestServer.run(agent: agent) { (server: TestServer) async throws in
      let task = try await server.runTask("x")
      #expect(task.events.last?["status"] == "FAILED")
      #expect(
        task.events.last?["text"]?.stringValue == "sh cannot work: there is no program 'no-such-sandbox': install it")
      #expect(!FileManager.default.fileExists(atPath: server.workDirectory(task.id) + "/started"))
    }
  }

  @Test func aFailureInWordsCountsThoughTheExitStatusIsZero() async throws {
    var agent = AgentCommand(arguments: ["/bin/sh", "-c", "echo 'AuthenticationError: no' >&2"])
    agent.failureWords = ["AuthenticationError"]
    try await TestServer.run(agent: agent) { (server: TestServer) async throws in
      let task = try await server.runTask("x")
      #expect(task.events.last?["status"] == "FAILED")
      #expect(
        try await server.client.get("/api/v1/tasks/\(task.id)").json["error"]?.stringValue == "AuthenticationError: no")
    }
  }

  // MARK: - The launch

  private func launch(
    _ command: AgentCommand, goal: String = "a goal", tools: String = "null", from environment: [String: String] = [:]
  ) -> AgentLaunch {
    let row: Row = [
      "id": 7, "user_id": 1, "goal": goal, "tools": tools, "status": "PENDING", "created_at": "", "updated_at": "",
      "error": nil, "exit_code": nil, "last_event_id": 0, "agent": nil, "result": nil, "source": nil,
      "event_bytes": 0,
    ]
    let task = TaskRecord(row)
    return AgentLaunch(
      command: command, task: task,
      paths: TaskPaths(directory: "/data/7", work: AgentDirectory(path: "/data/7/work", temporary: "/data")),
      passing: ["MINE"],
      token: "token", from: environment)
  }

  @Test func theGoalStandsWithinAnArgument() {
    let arguments = launch(AgentCommand(arguments: ["agent", "--prompt={goal}", "-f={goal_file}", "{goal}"])).arguments
    #expect(arguments == ["agent", "--prompt=a goal", "-f=/data/7/goal", "a goal"])
  }

  @Test func anAgentGetsWhatProgramsOfAMachineNeed() {
    let given = [
      "HTTPS_PROXY": "p", "NODE_EXTRA_CA_CERTS": "c", "XDG_CONFIG_HOME": "x", "DBUS_SESSION_BUS_ADDRESS": "d",
      "SSH_AUTH_SOCK": "s", "MINE": "m", "OTHER": "o", "BERAY_TOKEN": "secret", "KEY": "k",
    ]
    let command = AgentCommand(arguments: ["agent"], environmentNames: ["KEY", "BERAY_TOKEN"])
    let environment = launch(command, from: given).environment
    for name in ["HTTPS_PROXY", "NODE_EXTRA_CA_CERTS", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK"] {
      #expect(environment[name] == given[name])
    }
    #expect(environment["MINE"] == "m" && environment["KEY"] == "k")
    #expect(environment["OTHER"] == nil && environment["BERAY_TOKEN"] == nil)
    #expect(environment["PYTHONUNBUFFERED"] == "1")
  }

  @Test func thePresetsValuesGiveWayToTheUsers() throws {
    let claude = try #require(AgentPreset.named("claude")?.command())
    #expect(launch(claude).environment["CLAUDE_CODE_MAX_RETRIES"] == "2")
    let codex = try #require(AgentPreset.named("codex")?.command())
    #expect(launch(codex, from: ["OPENAI_API_KEY": "k"]).environment["CODEX_API_KEY"] == "k")
  }

  @Test func toolsBecomeMCPServers() throws {
    let tools = #"["search",{"docs":{"url":"http://h/mcp"}}]"#
    let claude = launch(try #require(AgentPreset.named("claude")?.command()), tools: tools)
    let configuration = try #require(claude.arguments.firstIndex(of: "--mcp-config"))
    let json = try JSON(parsing: claude.arguments[configuration + 1])
    #expect(json["mcpServers"]?["docs"]?["url"] == "http://h/mcp")
    #expect(claude.arguments.contains("--allowedTools=mcp__docs"))
    let codex = launch(try #require(AgentPreset.named("codex")?.command()), tools: tools)
    #expect(codex.arguments.contains(#"mcp_servers.docs.url="http://h/mcp""#))
    #expect(codex.arguments.last == "-")
    let aider = launch(try #require(AgentPreset.named("aider")?.command()), tools: tools)
    #expect(aider.shortcomings.count == 1)
    #expect(launch(try #require(AgentPreset.named("claude")?.command())).arguments.contains("{tools}") == false)
  }

  @Test func everyPresetSaysWhatItMayDo() {
    for preset in AgentPreset.all {
      #expect(!preset.accesses.isEmpty && preset.command() != nil, "\(preset.name)")
      for access in preset.accesses {
        #expect(!preset.note(access).isEmpty, "\(preset.name)")
        #expect(preset.command(access)?.name == preset.name)
      }
    }
  }
}
