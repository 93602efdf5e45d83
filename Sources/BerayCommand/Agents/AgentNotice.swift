import BerayServer

/// Tells a user who mounts the local server which agent works on its tasks.
struct AgentNotice: Hashable, Sendable {
  /// Nil if no server runs or its command line names no agent.
  let name: String?
  /// The notice, as one sentence.
  let text: String

  /// Finds the agent of the local server that runs now.
  static func current(paths: Paths, environment: [String: String]) -> AgentNotice {
    let name = LocalServerProcess(at: paths.serverSocket)?.agent
    return AgentNotice(name: name, ready: InstalledAgent.ready(environment).map(\.preset.name))
  }

  init(name: String?, ready: [String]) {
    self.name = name
    let told = "the agent is \(name ?? "not known")"
    guard name == "demo" else {
      text = told
      return
    }
    if let first = ready.first {
      text =
        "\(told), which only shows how it works; ready on this machine: \(ready.joined(separator: ", ")); "
        + "to use it: beray-fs --agent \(first) MOUNTPOINT"
    } else {
      text = "\(told), which only shows how it works; 'beray-fs agents' tells how to get a real one"
    }
  }
}
