import ArgumentParser

/// Commands that only hold others.
enum CommandGroup {
  /// The bare name of one is bad use: shows its help on standard error.
  static func refuse(_ group: any ParsableCommand.Type) throws -> Never {
    Terminal.note(group.helpMessage())
    throw ExitCode(2)
  }
}
