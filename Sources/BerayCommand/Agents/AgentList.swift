import BerayAPI
import BerayServer

/// The state of each preset on this machine, with the version of its program.
struct AgentList: Payload {
  let agents: [InstalledAgent]
  /// The versions, keyed by the preset's name.
  let versions: [String: String]

  var json: JSON { .array(agents.map { $0.json(version: versions[$0.preset.name]) }) }

  func lines(on page: Page) -> [String] {
    let lacking = agents.filter { $0.path != nil && !$0.isReady }
      .map { ShownText.escaped("\($0.preset.name): \($0.problem ?? "")") }
    return [installed.lines(on: page), lacking, missing.map { $0.lines(on: page) } ?? [], [advice]]
      .filter { !$0.isEmpty }.joined(separator: [""]).map { $0 }
  }

  private var installed: Table {
    var table = Table("AGENT", "STATE", "VERSION", "KEY OR LOGIN", "MAY DO (--agent-access)", "TRIED")
    for agent in agents where agent.path != nil {
      let preset = agent.preset
      let credentials =
        preset.credentials == nil
        ? "needs none" : agent.credentials.isEmpty ? "none found" : agent.credentials.joined(separator: ", ")
      table.append(
        preset.name, agent.isReady ? "ready" : "not ready", versions[preset.name] ?? "-", credentials,
        "\(preset.standardAccess.rawValue): \(preset.note())", agent.evidence)
    }
    return table
  }

  private var missing: Table? {
    let missing = agents.filter { $0.path == nil }
    if missing.isEmpty { return nil }
    var table = Table("NOT INSTALLED", "HOW TO GET IT", "TRIED")
    for agent in missing { table.append(agent.preset.name, agent.preset.install, agent.evidence) }
    return table
  }

  private var advice: String {
    agents.first { $0.isReady && !$0.isOwn }.map { "use one: beray-fs --agent \($0.preset.name) ~/beray" }
      ?? "none is ready; install one, give it a key or log in, and look again"
  }
}
