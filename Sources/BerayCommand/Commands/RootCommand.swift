import ArgumentParser

/// `beray-fs`.
struct RootCommand: AsyncParsableCommand {
  // Computed, because the version is known only at run time.
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "beray-fs",
      abstract: "AI-agent tasks as directories.",
      usage: "beray-fs [<server>] <mountpoint> [<options>]\nberay-fs <subcommand> [<options>]",
      discussion: """
        Mounts the tasks of a BeRay server: mkdir starts one, tail -f watches it, any editor edits its files. Where no \
        server is named, one on this machine is used, and started when it is needed.

        EXAMPLE:
          beray-fs ~/beray
          mkdir ~/beray/"Summarise the news of today"
          tail -f ~/beray/last/events.log
          beray-fs unmount ~/beray

        Without a subcommand it mounts; 'beray-fs mount --help' shows the options of that. Exit status: 0, 1 if it \
        failed, 2 if it was used wrongly; 'task wait --help' tells of 3 and 4.
        """,
      version: "beray-fs \(Version.text)",
      subcommands: [
        MountCommand.self, UnmountCommand.self, RestartCommand.self, StatusCommand.self, ServeCommand.self,
        LoginCommand.self,
        RegisterCommand.self, LogoutCommand.self, WhoamiCommand.self, UserCommand.self, TokenCommand.self,
        TaskCommand.self, FileCommand.self,
        AgentsCommand.self, ConfigCommand.self, DoctorCommand.self, DiagnoseCommand.self, CompletionCommand.self,
      ],
      defaultSubcommand: MountCommand.self)
  }
}
