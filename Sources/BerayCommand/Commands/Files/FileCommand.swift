import ArgumentParser

/// `beray-fs file`.
struct FileCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "file",
    abstract: "List, get, put and change the files of a task.",
    usage: "beray-fs file <subcommand>",
    discussion: """
      EXAMPLE:
        beray-fs file list 42
        beray-fs file get 42 result.md
        beray-fs file put 42 notes.txt
        beray-fs file get -r 42 src -o copy
      """,
    subcommands: [
      FileList.self, FileGet.self, FilePut.self, FileRemove.self, FileMove.self, FileMakeDirectory.self, FileZip.self,
    ])

  func run(in context: Context) throws { try CommandGroup.refuse(Self.self, in: context) }
}
