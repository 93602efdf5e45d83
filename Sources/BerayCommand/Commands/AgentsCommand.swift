import ArgumentParser
import BerayAPI
import BerayServer
import Logging

/// `beray-fs agents`.
struct AgentsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agents",
    abstract: "Show which agents can work on this machine.",
    discussion: """
      Each with its program, the keys and login files that it finds (never their values), what it may do without asking, \
      and how to get it.

      EXAMPLE:
        beray-fs agents
        beray-fs agents test claude
        beray-fs --agent claude ~/beray
      """,
    subcommands: [List.self, Test.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Show them; this is the default.",
      discussion: """
        EXAMPLE:
          beray-fs agents list
          beray-fs agents list --json | jq -r '.[].name'
        """)

    @OptionGroup var output: JSONOption

    func run() async throws {
      let environment = Environment.current()
      let agents = InstalledAgent.all(environment)
      let versions = await withTaskGroup(of: (String, String?).self) { group in
        for agent in agents where agent.path != nil {
          group.addTask { (agent.preset.name, try? await Blocking.run { agent.version(environment) }) }
        }
        return await group.reduce(into: [String: String]()) { $0[$1.0] = $1.1 }
      }
      if output.json {
        let list = agents.map { $0.json(version: versions[$0.preset.name]) }
        return try Terminal.print(JSON.array(list).serialized())
      }
      try show(agents, versions)
    }

    private func show(_ agents: [InstalledAgent], _ versions: [String: String]) throws {
      var table = Table("AGENT", "STATE", "VERSION", "KEY OR LOGIN", "MAY DO (--agent-access)", "TRIED")
      for agent in agents where agent.path != nil {
        table.append(
          agent.preset.name, agent.isReady ? "ready" : "not ready", versions[agent.preset.name] ?? "-",
          agent.preset.credentials == nil
            ? "needs none" : agent.credentials.isEmpty ? "none found" : agent.credentials.joined(separator: ", "),
          "\(agent.preset.standardAccess.rawValue): \(agent.preset.note())", agent.evidence)
      }
      for line in table.lines { try Terminal.print(line) }
      let lacking = agents.filter { $0.path != nil && !$0.isReady }
      if !lacking.isEmpty { try Terminal.print("") }
      for agent in lacking { try Terminal.print("\(agent.preset.name): \(agent.problem ?? "")") }
      let missing = agents.filter { $0.path == nil }
      if !missing.isEmpty {
        try Terminal.print("")
        var table = Table("NOT INSTALLED", "HOW TO GET IT", "TRIED")
        for agent in missing { table.append(agent.preset.name, agent.preset.install, agent.evidence) }
        for line in table.lines { try Terminal.print(line) }
      }
      let ready = agents.filter { $0.isReady && !$0.isOwn }
      try Terminal.print("")
      try Terminal.print(
        ready.first.map { "use one: beray-fs --agent \($0.preset.name) ~/beray" }
          ?? "none is ready; install one, give it a key or log in, and look again")
    }
  }

  struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run one tiny task with an agent, and tell what fell short.",
      discussion: """
        It asks the agent to write one file. This uses the agent's model, and may cost a fraction of a cent.

        EXAMPLE:
          beray-fs agents test claude
        """)

    @Argument(help: ArgumentHelp("The agent.", valueName: "preset"), completion: Completions.presets)
    var name: String

    @Option(help: ArgumentHelp("What it may do without asking: edits, commands or all.", valueName: "access"))
    var agentAccess: AgentAccess?

    @Option(help: ArgumentHelp("How long it may take.", valueName: "seconds"))
    var limit = 180

    @OptionGroup var logging: LogOptions

    func run() async throws {
      try logging.start(level: .error)
      try await AgentTrial(name: name, access: agentAccess, limit: .seconds(limit)).run()
    }
  }
}
