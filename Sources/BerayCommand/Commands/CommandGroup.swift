import ArgumentParser

/// Commands that only group subcommands.
enum CommandGroup {
  /// Refuses a group without a subcommand: prints its help to standard error and exits with status 2.
  static func refuse(_ group: any ParsableCommand.Type, in context: Context) throws -> Never {
    context.note(group.helpMessage())
    throw ExitCode(2)
  }
}
