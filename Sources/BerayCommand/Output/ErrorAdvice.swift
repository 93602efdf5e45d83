import ArgumentParser
import BerayClient
import BerayFS

/// What the user of a command can do about a failed call. Users of a mount read other words, in `.beray/errors`.
struct ErrorAdvice: Sendable {
  /// What the failed command is for, as far as advice differs.
  enum Purpose: Sendable {
    case login, register, files, tasks, other
  }

  var purpose = Purpose.other
  /// What `--url` said, which the next command needs too.
  var url: String?

  init(_ purpose: Purpose = .other, url: String? = nil) {
    self.purpose = purpose
    self.url = url
  }

  init(for command: any ParsableCommand, url: String?) {
    self.url = (command as? MountCommand)?.serverOptions.url ?? url
    let purposes: [(any ParsableCommand.Type, Purpose)] = [
      (LoginCommand.self, .login), (RegisterCommand.self, .register), (FileCommand.self, .files),
      (TaskCommand.self, .tasks),
    ]
    let type = Swift.type(of: command)
    purpose =
      purposes.first { known, _ in known == type || known.configuration.subcommands.contains { $0 == type } }?.1
      ?? .other
  }

  /// - Returns: nil where the error itself says what to do.
  func text(for error: BerayError) -> String? {
    switch (error.code, purpose) {
    case (.authentication, _) where error.status == 403: "ask the server's owner for access"
    case (.authentication, .login): "check the address and the password"
    case (.authentication, .register): "check the address and the code"
    case (.authentication, _): "run '\(command("login"))'"
    case (.notFound, .files): "'\(command("file list"))' and '\(command("task list"))' show what is there"
    case (.notFound, .tasks): "'\(command("task list"))' shows your tasks"
    case (.notFound, _): "check that --url names a BeRay server"
    case (.conflict, .register): "there is such an account: run '\(command("login"))'"
    case (.invalidRequest, _): nil
    default: error.advice
    }
  }

  /// A further command line for the same server.
  func command(_ words: String) -> String {
    "beray-fs \(words)" + (url.map { " --url \($0)" } ?? "")
  }
}
