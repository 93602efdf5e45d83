import ArgumentParser

/// `beray-fs unmount`.
struct UnmountCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "unmount",
    abstract: "End a mount, after it has uploaded what it has.",
    discussion: """
      Tasks run on. Where a program still uses the mount, it is detached. Also clears a mount whose process is gone.

      EXAMPLE:
        beray-fs unmount ~/beray
      """, aliases: ["umount"])

  @Argument(help: "Where it is mounted.")
  var mountpoint: String

  @Option(help: ArgumentHelp("How long to wait for its uploads; by default until it gives up.", valueName: "seconds"))
  var timeout: Double?

  func validate() throws {
    guard (0...86400).contains(timeout ?? 0) else { throw ValidationError("--timeout takes seconds") }
  }

  func run(in context: Context) async throws {
    let ending = try MountEnding(of: mountpoint, in: context)
    let isAllSent = try ending.end(within: timeout.map { .seconds($0) } ?? MountEnding.defaultLimit)
    if !isAllSent { throw ExitCode(1) }
  }
}
