import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs file mkdir`.
struct FileMakeDirectory: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "mkdir",
    abstract: "Make directories in a task.",
    usage: "beray-fs file mkdir <task> <path> ... [-p] [<options>]",
    discussion: """
      EXAMPLE:
        beray-fs file mkdir 42 texts
        beray-fs file mkdir -p 42 a/b/c
      """)

  @OptionGroup var selection: TaskSelection

  @Argument(help: "Directories, from the top of the task's files.", completion: Completions.taskFiles)
  var paths: [String]

  @Flag(name: [.customShort("p"), .long], help: "Make missing parents too; accept directories that exist.")
  var parents = false

  @OptionGroup var server: ServerOptions

  func run(in context: Context) async throws {
    let files = try await context.files(of: selection, server)
    try await files.require(.makeDirectory, to: "make directories")
    let advice = ErrorAdvice(.files, url: server.url)
    try await Batch(items: paths.map(TaskFiles.normalized), width: 1).run(in: context, advice: advice) { path in
      try await Self.make(path, withParents: parents, files)
    }
  }

  static func make(_ path: String, withParents: Bool, _ files: TaskFiles) async throws {
    guard withParents else { return try await files.client.makeDirectory(of: files.id, path: path) }
    let names = path.split(separator: "/")
    for count in 1...max(1, names.count) {
      let directory = names.prefix(count).joined(separator: "/")
      // Skip directories that exist. If a file has the name, the request fails.
      if try await files.isDirectory(directory) { continue }
      try await files.client.makeDirectory(of: files.id, path: directory)
    }
  }
}
