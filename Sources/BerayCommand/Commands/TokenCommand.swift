import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs token`.
struct TokenCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "List and revoke your tokens.",
    discussion: """
      EXAMPLE:
        beray-fs token list
        beray-fs token revoke 1a2b3c4d5e6f7081
      """,
    subcommands: [TokenListCommand.self, TokenRevokeCommand.self])

  func run(in context: Context) throws { try CommandGroup.refuse(Self.self, in: context) }
}

/// `beray-fs token list`.
struct TokenListCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List your tokens; the one in use has a star.",
    discussion: """
      EXAMPLE:
        beray-fs token list
      """)

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let tokens = try await context.connection(server).client.tokens()
    let records = RecordList(tokens) {
      [$0["id"]?.stringValue, $0["created_at"]?.stringValue]
    } mark: {
      $0["is_current"]?.boolValue == true
    }
    try context.show(records, output)
  }
}

/// `beray-fs token revoke`.
struct TokenRevokeCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke one of your tokens.",
    discussion: """
      EXAMPLE:
        beray-fs token revoke 1a2b3c4d5e6f7081
      """)

  @Argument(help: "What 'token list' shows first.")
  var id: String

  @OptionGroup var server: ServerOptions

  func run(in context: Context) async throws {
    try await context.connection(server).client.revokeToken(id)
    context.note("the token \(ShownText.escaped(id)) is revoked")
  }
}
