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
        Mounts the tasks of a BeRay server: mkdir starts one, tail -f watches it, any editor edits its files. Without \
        a named server, beray-fs uses one on this machine, and starts it when needed.

        EXAMPLE:
          beray-fs ~/beray
          mkdir ~/beray/"Summarise the news of today"
          tail -f ~/beray/last/events.log
          beray-fs unmount ~/beray

        Without a subcommand, beray-fs mounts; 'beray-fs mount --help' shows the options. Exit status: 0 for success, \
        1 for failure, 2 for wrong usage; 'mount --help' and 'task wait --help' explain the others.
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
