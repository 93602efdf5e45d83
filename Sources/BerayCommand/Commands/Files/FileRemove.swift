import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs file rm`.
struct FileRemove: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm",
    abstract: "Remove files of a task.",
    usage: "beray-fs file rm <task> <path> ... [-r] [-f] [<options>]",
    discussion: """
      EXAMPLE:
        beray-fs file rm 42 old.txt
        beray-fs file rm -r 42 build
      """)

  @OptionGroup var selection: TaskSelection

  @Argument(help: "Files, from the top of the task's files.", completion: Completions.taskFiles)
  var paths: [String]

  @Flag(name: [.customShort("r"), .long], help: "Directories too, with all that is beneath them.")
  var recursive = false

  @Flag(name: [.customShort("f"), .long], help: "Ignore files that do not exist.")
  var force = false

  @OptionGroup var server: ServerOptions

  func run(in context: Context) async throws {
    let files = try await context.files(of: selection, server)
    try await files.require(.remove, to: "remove files")
    let advice = ErrorAdvice(.files, url: server.url)
    try await Batch(items: paths.map(TaskFiles.normalized), width: 1).run(in: context, advice: advice) { path in
      try await remove(path, files)
    }
  }

  private func remove(_ path: String, _ files: TaskFiles) async throws {
    if path == "." { throw CommandError.badUse("the top of a task stays", advice: "name what is in it") }
    guard let entry = try await files.entry(at: path) else {
      if force { return }
      throw CommandError("there is no '\(path)' in task \(files.id)", advice: "'file list' shows what is there")
    }
    guard entry.kind == .directory else { return try await files.client.removeFile(of: files.id, path: path) }
    guard recursive else { throw CommandError("\(path) is a directory", advice: "use -r") }
    // The tree lists a directory before its contents, so the reverse order empties it first.
    for item in try await files.tree(path).reversed() {
      try await files.client.removeFile(of: files.id, path: item.path)
    }
    try await files.client.removeFile(of: files.id, path: path)
  }
}
