import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs file mv`.
struct FileMove: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "mv",
    abstract: "Rename or move files of a task.",
    usage: "beray-fs file mv <task> <path> ... <target> [-n] [<options>]",
    discussion: """
      Files that move into a directory keep their names.

      EXAMPLE:
        beray-fs file mv 42 draft.md final.md
        beray-fs file mv 42 a.txt b.txt texts/
      """)

  @OptionGroup var selection: TaskSelection

  @Argument(help: "Files, then the target, from the top of the task's files.", completion: Completions.taskFiles)
  var paths: [String]

  @Flag(name: [.customShort("n"), .long], help: "Replace nothing.")
  var noClobber = false

  @OptionGroup var server: ServerOptions

  func validate() throws {
    guard paths.count > 1 else { throw ValidationError("give the files to move, then the target") }
  }

  func run(in context: Context) async throws {
    let files = try await context.files(of: selection, server)
    try await files.require(.move, to: "move files")
    let target = paths[paths.count - 1]
    let isDirectory = try await files.isDirectory(target)
    if target.hasSuffix("/"), !isDirectory {
      throw CommandError(
        "there is no directory '\(target)' in task \(files.id)", advice: "make it: beray-fs file mkdir")
    }
    guard isDirectory || paths.count == 2 else {
      throw CommandError.badUse(
        "'\(target)' is not a directory of the task", advice: "move one file, or name a directory")
    }
    let advice = ErrorAdvice(.files, url: server.url)
    try await Batch(items: paths.dropLast().map(TaskFiles.normalized), width: 1).run(in: context, advice: advice) {
      path in
      let name = path.split(separator: "/").last.map(String.init) ?? path
      let place = TaskFiles.normalized(isDirectory ? "\(target)/\(name)" : target)
      try await files.client.moveFile(of: files.id, from: path, to: place, overwrite: !noClobber)
    }
  }
}
