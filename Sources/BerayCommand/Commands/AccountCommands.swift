import ArgumentParser
import BerayAPI
import BerayClient

/// `beray-fs login`.
struct LoginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "login",
    abstract: "Log in to a server and keep its token.",
    discussion: """
      The token is kept for this server in ~/.config/beray-fs/credentials.json, which only you can read. A mount that \
      runs takes it at once. The local server needs no login.

      EXAMPLE:
        beray-fs login --url https://beray.example.org ann@example.org
        pass show beray | beray-fs login ann@example.org --password-stdin
      """)

  @Argument(help: "Your address; else BERAY_EMAIL, the one of the last login, or asked for.")
  var email: String?

  @Flag(help: "Read the password from standard input, its first line.")
  var passwordStdin = false

  @Flag(help: "Log in by the OAuth2 form instead of JSON.")
  var form = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run() async throws {
    let connection = try await Connection.open(server)
    let email = try connection.email(given: email)
    let password = try Password.obtain(prompt: "Password of \(email)", fromStandardInput: passwordStdin)
    let session =
      form
      ? try await connection.client.loginWithForm(email: email, password: password)
      : try await connection.client.login(email: email, password: password)
    try connection.keep(session, email: email)
    if output.json { try Terminal.print((session.user?.raw ?? .null).serialized()) }
    Terminal.note("logged in to \(connection.name) as \(ShownText.escaped(session.user?.email ?? email))")
  }
}

/// `beray-fs register`.
struct RegisterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "register",
    abstract: "Make an account on a server.",
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

  func run() async throws {
    let connection = try await Connection.open(server)
    let email = try connection.email(given: email)
    var code = code
    if code == nil {
      try await connection.client.requestVerificationCode(email: email)
      Terminal.note("\(connection.name) sent a code to \(email)")
      guard Terminal.canAsk, !passwordStdin else {
        let again = ErrorAdvice(url: server.url).command("register \(email) --code CODE")
        Terminal.note("then run: \(again)")
        return
      }
      code = try Password.ask("Code", hidden: false)
    }
    let password = try Password.obtain(prompt: "New password of \(email)", fromStandardInput: passwordStdin)
    if !passwordStdin {
      guard try Password.ask("The same again", hidden: true) == password else {
        throw CommandError("the two passwords differ", advice: "run it again with --code \(code ?? "CODE")")
      }
    }
    let session = try await connection.client.register(
      email: email, verificationCode: code ?? "", password: password)
    try connection.keep(session, email: email)
    if output.json { try Terminal.print((session.user?.raw ?? .null).serialized()) }
    let name = ShownText.escaped(session.user?.email ?? email)
    Terminal.note("registered at \(connection.name) as \(name), and logged in")
  }
}

/// `beray-fs logout`.
struct LogoutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logout",
    abstract: "End the session with a server and forget its token.",
    discussion: """
      The token is forgotten here whatever the server answers.

      EXAMPLE:
        beray-fs logout --url https://beray.example.org
      """)

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let connection = try await Connection.open(server)
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
    // A token that the server no longer takes is as good as gone.
    if case .failure(let error) = answer, error.code != .authentication { throw error }
    Terminal.note("logged out of \(connection.name)")
  }
}

/// `beray-fs whoami`.
struct WhoamiCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "whoami",
    abstract: "Show who you are to a server.",
    discussion: """
      EXAMPLE:
        beray-fs whoami
        export BERAY_TOKEN=$(beray-fs whoami --show-token)
      """)

  @Flag(help: "Print the token, for use with an SDK; whoever has it can act as you.")
  var showToken = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run() async throws {
    let connection = try await Connection.open(server)
    let user = try await connection.client.currentUser()
    if showToken {
      guard let token = await connection.credentials.token() else { throw connection.noToken }
      if output.json { return try Terminal.print((["token": .string(token)] as JSON).serialized()) }
      try Terminal.print(token)
      if Terminal.standardErrorIsTerminal {
        Terminal.note(
          connection.isLocal
            ? "for an SDK also run 'beray-fs serve', which listens on http://localhost:8000" : "keep it secret")
      }
    } else if output.json {
      try Terminal.print(user.raw.serialized())
    } else {
      try Terminal.print(ShownText.escaped(user.email ?? user.id ?? user.raw.serialized()))
      Terminal.note("at \(connection.name)")
    }
  }
}
