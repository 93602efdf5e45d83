import ArgumentParser

/// `beray-fs restart`.
struct RestartCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart",
    abstract: "Serve a mount by this version of the program.",
    discussion: """
      Mounts go on with the version that they were started with. This ends one after it has uploaded what it has, and \
      mounts it again with the same options. Tasks run on; programs that have files open there lose them.

      EXAMPLE:
        beray-fs status
        beray-fs restart ~/beray
      """)

  @Argument(help: "Where it is mounted.")
  var mountpoint: String

  @Option(help: ArgumentHelp("How long to wait for its uploads; by default until it gives up.", valueName: "seconds"))
  var timeout: Double?

  func validate() throws {
    guard (0...86400).contains(timeout ?? 0) else { throw ValidationError("--timeout takes seconds") }
  }

  func run(in context: Context) async throws {
    let ending = try MountEnding(of: mountpoint, in: context)
    guard let process = ending.process else {
      throw CommandError(
        "the process of the mount at \(ending.path) is gone",
        advice: "run: beray-fs '\(ending.path)'")
    }
    // Before anything ends.
    let start = try MountStart(of: process)
    try start.check()
    let isAllSent = try ending.end(within: timeout.map { .seconds($0) } ?? MountEnding.defaultLimit)
    try start.start()
    context.note("\(ending.path): served by beray-fs \(Version.text)")
    if !isAllSent { throw ExitCode(1) }
  }
}
