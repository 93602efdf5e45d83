import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs file list`.
struct FileList: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List a directory of a task.",
    usage: "beray-fs file list <task> [<path>] [-r] [<options>]",
    discussion: """
      EXAMPLE:
        beray-fs file list 42
        beray-fs file list last -r
        beray-fs file list 42 src --json | jq -r '.[].name'
      """,
    aliases: ["ls"])

  @OptionGroup var selection: TaskSelection

  @Argument(help: "The directory, from the top of the task's files.", completion: Completions.taskFiles)
  var path = "."

  @Flag(name: [.customShort("r"), .long], help: "All that is beneath it, too.")
  var recursive = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    let files = try await context.files(of: selection, server)
    guard recursive else {
      let path = TaskFiles.normalized(path)
      return try await context.show(FileListing(entries: files.client.fileTree(of: files.id, path: path)), output)
    }
    try await context.show(FileListing(items: files.tree(path)), output)
  }
}

/// Entries of a directory, or of a whole tree.
struct FileListing: Payload {
  private let rows: [(name: String, entry: FileEntry)]

  init(entries: [FileEntry]) { rows = entries.map { ($0.name, $0) } }
  init(items: [TaskFiles.Item]) { rows = items.map { ($0.path, $0.entry) } }

  /// The server's own JSON for each entry, if there is any. Entries of subdirectories are rebuilt, because they need
  /// their path.
  var json: JSON {
    .array(rows.map { name, entry in entry.raw == .null || name != entry.name ? Self.json(name, entry) : entry.raw })
  }

  private static func json(_ path: String, _ entry: FileEntry) -> JSON {
    let type =
      switch entry.kind {
      case .directory: "directory"
      case .symbolicLink: "symlink"
      case .file: "file"
      case .other: "other"
      }
    var members: [JSON.Member] = [
      .init("name", .string(entry.name)), .init("path", .string(path)), .init("type", .string(type)),
    ]
    if let size = entry.size { members.append(.init("size", JSON(size))) }
    if let modified = entry.modified { members.append(.init("modified", .string(modified.iso8601()))) }
    if let mode = entry.mode { members.append(.init("mode", JSON(mode))) }
    return .object(members)
  }

  func lines(on page: Page) -> [String] {
    var table = Table("MODE", "SIZE", "MODIFIED", "NAME")
    for (name, entry) in rows {
      let isDirectory = entry.kind == .directory
      var shown = isDirectory ? "\(name)/" : name
      if let target = entry.target { shown += " -> \(target)" }
      let mode: String = entry.mode.map { String($0, radix: 8) } ?? "-"
      let size: String = entry.size.map { String($0) } ?? "-"
      let modified: String = entry.modified?.iso8601(fractionDigits: 0) ?? "-"
      table.append([
        Table.Cell(mode), Table.Cell(size), Table.Cell(modified), Table.Cell(shown, isDirectory ? .blue : .plain),
      ])
    }
    return table.lines(on: page)
  }
}
