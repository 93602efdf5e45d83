import ArgumentParser
import Glibc

/// Parses the arguments, runs the command, and makes of every failure a line on standard error and an exit status.
package enum Program {
  /// Runs the command of this process's arguments.
  ///
  /// - Returns: the exit status.
  package static func main() async -> Int32 {
    StandardStreams.openMissing()
    // A reader that goes away is EPIPE from write(2), and not the end of a process that may hold a mount.
    signal(SIGPIPE, SIG_IGN)
    return await run(Array(CommandLine.arguments.dropFirst()))
  }

  /// - Returns: the exit status: 0, 1 (failed) or 2 (bad use).
  static func run(_ arguments: [String]) async -> Int32 {
    let invocation: Invocation
    var command: any ParsableCommand
    do {
      invocation = try Invocation(arguments)
      do { command = try RootCommand.parseAsRoot(invocation.words) } catch { return reportUsage(error, invocation) }
      try invocation.check(command)
    } catch {
      return report(error)
    }
    do {
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return 0
    } catch let closed as OutputClosed {
      return closed.code == EPIPE ? 1 : report(CommandError.system("write to standard output", closed.code))
    } catch {
      // Help comes this way too.
      if error is ExitCode || error is ValidationError || RootCommand.exitCode(for: error) == .success {
        return reportUsage(error, invocation)
      }
      return report(error, advice: ErrorAdvice(for: command, url: invocation.value(of: "--url")))
    }
  }

  private static func report(_ error: any Error, advice: ErrorAdvice = ErrorAdvice()) -> Int32 {
    Terminal.note(ErrorText.line(for: error, advice: advice))
    return ErrorText.status(for: error)
  }

  /// What the argument parser has to say.
  private static func reportUsage(_ error: any Error, _ invocation: Invocation) -> Int32 {
    let status = RootCommand.exitCode(for: error)
    let message = RootCommand.fullMessage(for: error)
    if status == .success { return (try? Terminal.print(message)) == nil ? 1 : 0 }
    if !message.isEmpty { Terminal.note(message) }
    // Whoever started this process in the background hears of it only there.
    if let descriptor = invocation.value(of: "--ready-fd").flatMap({ Int32($0) }) {
      ReadySignal(descriptor: descriptor).failed(RootCommand.message(for: error))
    }
    return status == .validationFailure ? 2 : status.rawValue
  }
}
