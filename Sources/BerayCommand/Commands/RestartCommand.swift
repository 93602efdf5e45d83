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

  @OptionGroup var mount: MountSelection

  func run(in context: Context) async throws {
    let ending = try MountEnding(of: mount.mountpoint, in: context)
    guard let process = ending.process else {
      throw CommandError(
        "the process of the mount at \(ending.path) is gone",
        advice: "run: beray-fs '\(ending.path)'")
    }
    // Check that the mount can be started again before ending it.
    let start = try MountStart(of: process)
    try start.check()
    let isAllSent = try ending.end(within: mount.limit)
    try start.start()
    context.note("\(ending.path): served by beray-fs \(Version.text)")
    if !isAllSent { throw ExitCode(1) }
  }
}
