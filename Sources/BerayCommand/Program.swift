import ArgumentParser
import Beray
import Glibc
import Synchronization

/// Parses the arguments and runs the command. Reports a failure by a line on standard error and the exit status.
package enum Program {
  /// Runs the command of this process's arguments.
  ///
  /// - Parameter commit: the commit that the program was built from.
  /// - Returns: the exit status.
  package static func main(commit: String?) async -> Int32 {
    StandardStreams.openMissing()
    // Otherwise a closed pipe would end this process, which may serve a mount. Now write(2) fails with EPIPE.
    signal(SIGPIPE, SIG_IGN)
    Version.commit.withLock { $0 = commit }
    return await run(Array(CommandLine.arguments.dropFirst()), in: .process)
  }

  /// - Returns: the exit status: 0, 1 (failed), 2 (bad use), or what the command itself says.
  static func run(_ arguments: [String], in context: Context) async -> Int32 {
    let invocation: Invocation
    var command: any ParsableCommand
    do { invocation = try Invocation(arguments) } catch { return report(error, ErrorAdvice(), context) }
    do { command = try RootCommand.parseAsRoot(invocation.words) } catch {
      return UsageReport(error, invocation, context).show()
    }
    do { try invocation.check(command) } catch {
      invocation.tellStarter(ErrorText.sentence(for: error), in: context)
      return report(error, ErrorAdvice(), context)
    }
    do {
      switch command {
      case let command as any ContextualCommand: try await command.run(in: context)
      // A command of the parser itself, such as help.
      default: try command.run()
      }
      return 0
    } catch let closed as OutputClosed {
      return closed.code == EPIPE
        ? 1 : report(CommandError.system("write to standard output", closed.code), ErrorAdvice(), context)
    } catch {
      // The parser also throws to show help.
      if error is ExitCode || error is ValidationError || RootCommand.exitCode(for: error) == .success {
        return UsageReport(error, invocation, context).show()
      }
      _ = report(error, ErrorAdvice(for: command, invocation, in: context), context)
      return command is MountCommand ? MountExit.status(for: error) : ErrorText.status(for: error)
    }
  }

  private static func report(_ error: any Error, _ advice: ErrorAdvice, _ context: Context) -> Int32 {
    context.note(ErrorText.line(for: error, advice: advice))
    return ErrorText.status(for: error)
  }
}
