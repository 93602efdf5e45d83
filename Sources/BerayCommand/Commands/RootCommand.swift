import ArgumentParser

/// `beray-fs`.
struct RootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "beray-fs",
    abstract: "AI-agent tasks as directories.",
    discussion: """
      Mounts the tasks of a BeRay server: mkdir starts one, tail -f watches it, any editor edits its files. Where no \
      server is named, one on this machine is used, and started when it is needed.

      EXAMPLE:
        beray-fs ~/beray
        mkdir ~/beray/"Summarise the news of today"
        tail -f ~/beray/last/events.log
        beray-fs unmount ~/beray

      Without a subcommand it mounts; 'beray-fs mount --help' shows the options of that. Exit status: 0, 1 if it \
      failed, 2 if it was used wrongly.
      """,
    version: version,
    subcommands: [
      MountCommand.self, UnmountCommand.self, StatusCommand.self, ServeCommand.self, LoginCommand.self,
      RegisterCommand.self, LogoutCommand.self, WhoamiCommand.self, TaskCommand.self, FileCommand.self,
      AgentsCommand.self,
    ],
    defaultSubcommand: MountCommand.self)

  static let version = "0.1.0"
}
