import ArgumentParser

/// `beray-fs task`.
struct TaskCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "task",
    abstract: "Create, watch and end tasks.",
    usage: "beray-fs task <subcommand>",
    discussion: """
      A task goes by its number, by the name of its directory in a mount, and the newest one by 'last' or '@'.

      EXAMPLE:
        id=$(beray-fs task create "Write a haiku about files")
        beray-fs task stream $id
        beray-fs task wait $id && beray-fs file list $id
      """,
    subcommands: [
      TaskCreate.self, TaskList.self, TaskShow.self, TaskStream.self, TaskWait.self, TaskStop.self, TaskDelete.self,
      TaskPrune.self,
    ])

  func run(in context: Context) throws { try CommandGroup.refuse(Self.self, in: context) }
}
