import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs login`.
struct LoginCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "login",
    abstract: "Log in to a server and keep its token.",
    usage: "beray-fs login [<email>] [<options>]",
    discussion: """
      The token is kept for this server in ~/.config/beray-fs/credentials.json, which only you can read. A mount that \
      runs takes it at once. The server of --url becomes the one that is used where none is named; 'beray-fs config' \
      shows and changes that. The local server needs no login.

      EXAMPLE:
        beray-fs login --url https://beray.example.org ann@example.org
        pass show beray | beray-fs login ann@example.org --password-stdin
      """)

  @Argument(help: "Your address. By default BERAY_EMAIL, the last one, or a prompt.")
  var email: String?

  @Flag(help: "Read the password from standard input, its first line.")
  var passwordStdin = false

  @Flag(help: "Log in with the OAuth2 form instead of JSON.")
  var form = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let connection = try await context.connection(server)
    let email = try connection.email(given: email, in: context)
    let password = try Password.obtain(
      prompt: "Password of \(email)", fromStandardInput: passwordStdin, in: context)
    let session =
      form
      ? try await connection.client.loginWithForm(email: email, password: password)
      : try await connection.client.login(email: email, password: password)
    try connection.keep(session, email: email)
    try context.show(UnshownResult(json: session.user?.raw ?? .null), output)
    context.note("logged in to \(connection.name) as \(ShownText.escaped(session.user?.email ?? email))")
    try DefaultServer.take(server.url, connection, context)
  }
}

/// `beray-fs register`.
struct RegisterCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "register",
    abstract: "Make an account on a server.",
    usage: "beray-fs register [<email>] [--code <code>] [<options>]",
    discussion: """
      The server sends a code to your address; it is asked for, or given by --code in a second call. The local server \
      prints the code in its log.

      EXAMPLE:
        beray-fs register --url https://h.example.org ann@example.org
        beray-fs register --url https://h.example.org ann@example.org --code 1234
      """)

  @Argument(help: "Your address; else BERAY_EMAIL, or asked for.")
  var email: String?

  @Option(help: "The code that the server sent; without it a new one is requested.")
  var code: String?

  @Flag(help: "Read the password from standard input, its first line.")
  var passwordStdin = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let connection = try await context.connection(server)
    let email = try connection.email(given: email, in: context)
    var code = code
    if code == nil {
      try await connection.client.requestVerificationCode(email: email)
      context.note("\(connection.name) sent a code to \(email)")
      guard context.terminal.canAsk, !passwordStdin else {
        let again = ErrorAdvice(url: server.url).command("register \(email) --code CODE")
        context.note("then run: \(again)")
        return
      }
      code = try context.terminal.ask("Code", false)
    }
    let password = try Password.obtain(
      prompt: "New password of \(email)", fromStandardInput: passwordStdin, in: context)
    if !passwordStdin {
      guard try context.terminal.ask("Repeat the password", true) == password else {
        throw CommandError("the two passwords differ", advice: "run it again with --code \(code ?? "CODE")")
      }
    }
    let session = try await connection.client.register(
      email: email, verificationCode: code ?? "", password: password)
    try connection.keep(session, email: email)
    try context.show(UnshownResult(json: session.user?.raw ?? .null), output)
    let name = ShownText.escaped(session.user?.email ?? email)
    context.note("registered at \(connection.name) as \(name), and logged in")
    try DefaultServer.take(server.url, connection, context)
  }
}

/// `beray-fs logout`.
struct LogoutCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "logout",
    abstract: "End the session with a server and forget its token.",
    usage: "beray-fs logout [<options>]",
    discussion: """
      The token is forgotten here whatever the server answers.

      EXAMPLE:
        beray-fs logout --url https://beray.example.org
      """)

  @OptionGroup var server: ServerOptions

  func run(in context: Context) async throws {
    let connection = try await context.connection(server)
    guard !connection.isLocal else {
      throw CommandError(
        "the local server has no session to end", advice: "name the server with --url; 'status' shows the local one")
    }
    guard await connection.credentials.token() != nil else {
      throw CommandError("not logged in to \(connection.name)")
    }
    let answer: Result<Void, BerayError>
    do throws(BerayError) {
      _ = try await connection.client.logout()
      answer = .success(())
    } catch {
      answer = .failure(error)
    }
    try connection.forget()
    // The server no longer accepts this token, so there is no session to end.
    if case .failure(let error) = answer, error.code != .authentication { throw error }
    context.note("logged out of \(connection.name)")
  }
}

/// `beray-fs whoami`.
struct WhoamiCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "whoami",
    abstract: "Show who you are to a server.",
    usage: "beray-fs whoami [--show-token] [<options>]",
    discussion: """
      EXAMPLE:
        beray-fs whoami
        export BERAY_TOKEN=$(beray-fs whoami --show-token)
      """)

  @Flag(help: "Print the token, for use with an SDK; whoever has it can act as you.")
  var showToken = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let connection = try await context.connection(server)
    let user = try await connection.client.currentUser()
    guard showToken else {
      try context.show(ShownAccount(user: user), output)
      context.note("at \(connection.name)", beside: output)
      return
    }
    guard let token = await connection.credentials.token() else { throw connection.noToken }
    try context.show(ShownToken(token: token), output)
    if context.terminal.errors.isTerminal {
      context.note(
        connection.isLocal
          ? "for an SDK also run 'beray-fs serve', which listens on http://localhost:8000" : "keep it secret",
        beside: output)
    }
  }
}

/// The user's account on a server.
struct ShownAccount: Payload {
  let user: User

  var json: JSON { user.raw }
  func lines(on page: Page) -> [String] { [ShownText.escaped(user.email ?? user.id ?? user.raw.serialized())] }
}

/// The user's token, for use in another program.
struct ShownToken: Payload {
  let token: String

  var json: JSON { ["token": .string(token)] }
  func lines(on page: Page) -> [String] { [token] }
}
