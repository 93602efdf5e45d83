import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs user`.
struct UserCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "user",
    abstract: "List the users of a server, and set passwords.",
    discussion: """
      EXAMPLE:
        beray-fs user list
        beray-fs user reset-password ann@example.org
      """,
    subcommands: [UserListCommand.self, UserResetPasswordCommand.self, UserPasswordCommand.self])

  func run(in context: Context) throws { try CommandGroup.refuse(Self.self, in: context) }
}

/// `beray-fs user list`.
struct UserListCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List all users of the server that you run.",
    discussion: """
      EXAMPLE:
        beray-fs user list
      """)

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let users = try await context.connection(server).client.users()
    let records = RecordList(users) {
      [$0["id"]?.intValue.map(String.init), $0["created_at"]?.stringValue, $0["email"]?.stringValue]
    }
    try context.show(records, output)
  }
}

/// `beray-fs user reset-password`.
struct UserResetPasswordCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset-password",
    abstract: "Set the password of a user of the server that you run.",
    discussion: """
      The user's tokens end with it.

      EXAMPLE:
        beray-fs user reset-password ann@example.org
        pwgen 20 1 | beray-fs user reset-password ann@example.org --password-stdin
      """)

  @Argument(help: "The user's address.")
  var email: String

  @Flag(help: "Read the password from standard input, its first line.")
  var passwordStdin = false

  @OptionGroup var server: ServerOptions

  func run(in context: Context) async throws {
    let connection = try await context.connection(server)
    let password = try Password.obtain(
      prompt: "New password of \(email)", fromStandardInput: passwordStdin, in: context)
    try await connection.client.resetPassword(of: email, to: password)
    context.note("the password of \(ShownText.escaped(email)) is set, and their tokens are revoked")
  }
}

/// `beray-fs user password`.
struct UserPasswordCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "password",
    abstract: "Change your own password.",
    discussion: """
      Your other tokens end; the one that you use here stays.

      EXAMPLE:
        beray-fs user password --url https://beray.example.org
      """)

  @OptionGroup var server: ServerOptions

  func run(in context: Context) async throws {
    let connection = try await context.connection(server)
    let present = try context.terminal.ask("Current password", true)
    let new = try context.terminal.ask("New password", true)
    guard try context.terminal.ask("Repeat the password", true) == new else {
      throw CommandError("the two passwords differ", advice: "run it again")
    }
    try await connection.client.changePassword(from: present, to: new)
    context.note("the password is changed")
  }
}
