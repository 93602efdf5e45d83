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

  @OptionGroup var mount: MountSelection

  func run(in context: Context) async throws {
    let ending = try MountEnding(of: mount.mountpoint, in: context)
    let isAllSent = try ending.end(within: mount.limit)
    if !isAllSent { throw ExitCode(1) }
  }
}
