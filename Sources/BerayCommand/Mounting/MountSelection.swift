import ArgumentParser

/// The mount that a command ends, and how long that may take.
struct MountSelection: ParsableArguments {
  @Argument(help: "Where it is mounted.")
  var mountpoint: String

  @Option(help: ArgumentHelp("How long to wait for its uploads; by default until it gives up.", valueName: "seconds"))
  var timeout: Double?

  func validate() throws {
    guard (0...86400).contains(timeout ?? 0) else { throw ValidationError("--timeout takes seconds") }
  }

  var limit: Duration { timeout.map { .seconds($0) } ?? MountEnding.defaultLimit }
}
