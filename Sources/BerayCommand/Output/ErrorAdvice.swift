import ArgumentParser
import Beray
import BerayFS

/// Advice for the user of a command after a failed call. A mount gives other advice, in `.beray/errors`.
struct ErrorAdvice: Sendable {
  /// The kind of command that failed. The advice depends on it.
  enum Purpose: Sendable {
    case login, register, files, tasks, other
  }

  var purpose = Purpose.other
  /// The value of `--url`, which the next command needs too.
  var url: String?
  /// The server that was asked, if it is known.
  var server: String?
  /// Where the token is, if `login` did not store it.
  var tokenPlace: String?

  init(_ purpose: Purpose = .other, url: String? = nil) {
    self.purpose = purpose
    self.url = url
  }

  init(for command: any ParsableCommand, _ invocation: Invocation, in context: Context) {
    let mount = command as? MountCommand
    self.init(Self.purpose(of: command), url: mount?.serverOptions.url ?? invocation.value(of: "--url"))
    guard let configuration = try? context.configuration() else { return }
    let choice = ServerChoice(flag: url, environment: context.environment, configuration: configuration)
    if case .url(let url) = choice { server = url }
    tokenPlace = TokenSource.placeName(
      tokenFile: mount?.server.tokenFile ?? invocation.value(of: "--token-file"), environment: context.environment,
      isLocal: choice == .local)
  }

  static func purpose(of command: any ParsableCommand) -> Purpose {
    let purposes: [(any ParsableCommand.Type, Purpose)] = [
      (LoginCommand.self, .login), (RegisterCommand.self, .register), (FileCommand.self, .files),
      (TaskCommand.self, .tasks),
    ]
    let type = Swift.type(of: command)
    return purposes.first { known, _ in known == type || known.configuration.subcommands.contains { $0 == type } }?.1
      ?? .other
  }

  /// - Returns: nil if the error itself says what to do.
  func text(for error: BerayError) -> String? {
    switch (error.code, purpose) {
    case (.authentication, _) where error.status == 403: "ask the server's owner for access"
    case (.authentication, .login): "check the address and the password"
    case (.authentication, .register): "check the address and the code"
    case (.authentication, _): tokenPlace.map { "put a good token into \($0)" } ?? "run '\(command("login"))'"
    case (.notFound, .files): "'\(command("file list"))' and '\(command("task list"))' show what is there"
    case (.notFound, .tasks): "'\(command("task list"))' shows your tasks"
    case (.notFound, _): "check that --url names a BeRay server"
    case (.conflict, .register): "this account exists: run '\(command("login"))'"
    case (.invalidRequest, _): nil
    case (.connectionRefused, _), (.hostUnreachable, _), (.connectionLost, _), (.timedOut, _),
      (.secureConnectionFailed, _):
      connectionAdvice(error)
    default: error.advice
    }
  }

  private func connectionAdvice(_ error: BerayError) -> String {
    guard let server else { return error.advice }
    if error.code == .secureConnectionFailed, error.detail.contains("no TLS"), server.hasPrefix("https:") {
      return "use http\(server.dropFirst("https".count)), or the port that https has there"
    }
    return error.advice
  }

  /// A command line to suggest, for the same server.
  func command(_ words: String) -> String {
    "beray-fs \(words)" + (url.map { " --url \($0)" } ?? "")
  }
}
