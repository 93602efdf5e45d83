import ArgumentParser
import Glibc

/// The entry: parses the arguments, runs the command, and makes of every failure a line on standard error and an exit status.
@main
enum Program {
  static func main() async {
    // A reader that goes away is EPIPE from write(2), and not the end of a process that may hold a mount.
    signal(SIGPIPE, SIG_IGN)
    exit(await run(Array(CommandLine.arguments.dropFirst())))
  }

  /// - Returns: the exit status: 0, 1 (failed) or 2 (bad use).
  static func run(_ arguments: [String]) async -> Int32 {
    var command: any ParsableCommand
    do { command = try RootCommand.parseAsRoot(arguments) } catch { return reportUsage(error) }
    do {
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return 0
    } catch let closed as OutputClosed {
      if closed.code != EPIPE {
        Terminal.note(ErrorText.line(for: CommandError.system("write to standard output", closed.code)))
      }
      return 1
    } catch {
      // Help comes this way too.
      if error is ExitCode || error is ValidationError || RootCommand.exitCode(for: error) == .success {
        return reportUsage(error)
      }
      Terminal.note(ErrorText.line(for: error))
      return ErrorText.status(for: error)
    }
  }

  /// What the argument parser has to say.
  private static func reportUsage(_ error: any Error) -> Int32 {
    let status = RootCommand.exitCode(for: error)
    let message = RootCommand.fullMessage(for: error)
    if status == .success { return (try? Terminal.print(message)) == nil ? 1 : 0 }
    if !message.isEmpty { Terminal.note(message) }
    return status == .validationFailure ? 2 : status.rawValue
  }
}
