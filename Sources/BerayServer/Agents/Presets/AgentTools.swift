internal import BerayAPI

/// The MCP servers among a task's tools, `[{"name":{"url":"http://…"}}]`, in the form that an agent expects.
struct AgentTools: Sendable {
  private(set) var arguments: [String] = []
  private(set) var environment: [String: String] = [:]
  /// The tools that the agent cannot be given.
  private(set) var shortcomings: [String] = []

  private struct Server {
    let name: String
    let url: String
    let headers: [JSON.Member]
  }

  /// - Parameter json: the task's tools as the client sent them.
  init(_ json: String, passing: AgentCommand.ToolPassing, agent: String) {
    let tools = (try? JSON(parsing: json))?.arrayValue ?? []
    var servers: [Server] = []
    for tool in tools {
      for member in tool.objectValue ?? [] {
        guard let url = member.value["url"]?.stringValue else { continue }
        servers.append(Server(name: member.name, url: url, headers: member.value["headers"]?.objectValue ?? []))
      }
    }
    guard !servers.isEmpty else { return }
    let names = servers.map(\.name).joined(separator: ", ")
    switch passing {
    case .none: shortcomings = ["\(agent) cannot be given MCP servers; it runs without \(names)"]
    case .claude:
      arguments =
        ["--mcp-config", Self.configuration(servers).serialized()]
        + ["--allowedTools=" + servers.map { "mcp__\($0.name)" }.joined(separator: ",")]
    case .copilot:
      arguments =
        ["--additional-mcp-config", Self.configuration(servers, allowing: true).serialized()]
        + servers.map { "--allow-tool=\($0.name)" }
    case .amp:
      let entries: JSON = .object(servers.map { .init($0.name, Self.entry($0, type: nil)) })
      arguments = ["--mcp-config", entries.serialized()]
    case .codex:
      arguments = servers.flatMap { ["-c", "mcp_servers.\(Self.bareKey($0.name)).url=\(JSON($0.url).serialized())"] }
    case .goose:
      arguments = servers.flatMap { ["--with-streamable-http-extension", $0.url] }
    case .opencode:
      let entries = servers.map { server in
        JSON.Member(server.name, ["type": "remote", "url": .string(server.url), "enabled": true])
      }
      environment = ["OPENCODE_CONFIG_CONTENT": JSON(dictionaryLiteral: ("mcp", .object(entries))).serialized()]
    }
  }

  /// `{"mcpServers":{"name":{"type":"http","url":…}}}`
  private static func configuration(_ servers: [Server], allowing: Bool = false) -> JSON {
    let entries = servers.map { server -> JSON.Member in
      let entry = entry(server, type: "http").objectValue ?? []
      return .init(server.name, .object(entry + (allowing ? [.init("tools", ["*"])] : [])))
    }
    return ["mcpServers": .object(entries)]
  }

  private static func entry(_ server: Server, type: String?) -> JSON {
    var members: [JSON.Member] = []
    if let type { members.append(.init("type", .string(type))) }
    members.append(.init("url", .string(server.url)))
    if !server.headers.isEmpty { members.append(.init("headers", .object(server.headers))) }
    return .object(members)
  }

  /// Turns a name into a bare TOML key: a dotted path of codex's `-c` accepts no quoted keys.
  private static func bareKey(_ name: String) -> String {
    String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") ? $0 : "_" })
  }
}
