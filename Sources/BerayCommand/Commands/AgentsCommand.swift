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

  struct List: ContextualCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Show them; this is the default.",
      discussion: """
        EXAMPLE:
          beray-fs agents list
          beray-fs agents list --json | jq -r '.[].name'
        """)

    @OptionGroup var output: JSONOption

    func run(in context: Context) async throws {
      let environment = context.environment
      let agents = InstalledAgent.all(environment)
      let versions = await withTaskGroup(of: (String, String?).self) { group in
        for agent in agents where agent.path != nil {
          group.addTask { (agent.preset.name, try? await Blocking.run { agent.version(environment) }) }
        }
        return await group.reduce(into: [String: String]()) { $0[$1.0] = $1.1 }
      }
      try context.show(AgentList(agents: agents, versions: versions), output)
    }
  }

  struct Test: ContextualCommand {
    static let configuration = CommandConfiguration(
      abstract: "Test an agent with one tiny task.",
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

    func run(in context: Context) async throws {
      try context.startLog(logging, .error)
      try await AgentTrial(name: name, access: agentAccess, limit: .seconds(limit), context: context).run()
    }
  }
}
