import ArgumentParser

/// What the argument parser has to say: help, or what is wrong with a line.
struct UsageReport {
  private let error: any Error
  private let invocation: Invocation
  private let context: Context

  init(_ error: any Error, _ invocation: Invocation, _ context: Context) {
    self.error = error
    self.invocation = invocation
    self.context = context
  }

  /// - Returns: the exit status.
  func show() -> Int32 {
    let status = RootCommand.exitCode(for: error)
    if status == .success { return (try? context.terminal.print(RootCommand.fullMessage(for: error))) == nil ? 1 : 0 }
    let message = message
    if !message.isEmpty { context.note(message) }
    // A program that was started in the background finds its errors only there.
    if let descriptor = invocation.value(of: "--ready-fd").flatMap({ Int32($0) }) {
      ReadySignal.ofProcess(descriptor: descriptor).failed(invocation.unknownOption ?? RootCommand.message(for: error))
    }
    return status == .validationFailure ? 2 : status.rawValue
  }

  /// The whole message, in the form that all errors have.
  private var message: String {
    let whole = RootCommand.fullMessage(for: error)
    guard whole.hasPrefix("Error: ") else { return whole }
    var lines = whole.dropFirst("Error: ".count).split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
    // The parser may complain of a word that only stands behind an option that it does not know.
    if let unknown = invocation.unknownOption {
      lines = [unknown] + lines.filter { $0.hasPrefix("Usage:") || $0.hasPrefix("  See ") }
    }
    return "beray-fs: " + lines.joined(separator: "\n")
  }
}
