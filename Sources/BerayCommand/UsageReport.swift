import ArgumentParser

/// Shows the output of the argument parser: help, or a usage error.
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
    invocation.tellStarter(invocation.unknownOption ?? RootCommand.message(for: error), in: context)
    return status == .validationFailure ? 2 : status.rawValue
  }

  /// The parser's message in the form that all errors have.
  private var message: String {
    let whole = RootCommand.fullMessage(for: error)
    guard whole.hasPrefix("Error: ") else { return whole }
    var lines = whole.dropFirst("Error: ".count).split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
    // The parser may complain about a word only because it does not know the option before it.
    if let unknown = invocation.unknownOption {
      lines = [unknown] + lines.filter { $0.hasPrefix("Usage:") || $0.hasPrefix("  See ") }
    }
    return "beray-fs: " + lines.joined(separator: "\n")
  }
}
