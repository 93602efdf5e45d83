import ArgumentParser
import Beray
import BerayAPI
import LinuxSystem
import SystemPackage

/// `beray-fs file get`.
struct FileGet: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "get",
    abstract: "Get files of a task, to standard output or into files.",
    usage: "beray-fs file get <task> <path> ... [-o <file>] [-r] [<options>]",
    discussion: """
      Without -o and -r, files go to standard output, one after the other. A directory needs -r. As with cp(1), it \
      goes into the directory of -o, or becomes that directory if it does not exist yet. Without -o, it goes into \
      the current directory.

      EXAMPLE:
        beray-fs file get 42 result.md
        beray-fs file get 42 build/app.tar -o app.tar
        beray-fs file get 42 a.txt b.txt -o texts/
        beray-fs file get -r 42 src -o copy
      """)

  @OptionGroup var selection: TaskSelection

  @Argument(help: "Files, from the top of the task's files.", completion: Completions.taskFiles)
  var paths: [String]

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("Where to write; '-' is standard output.", valueName: "file"),
    completion: .file())
  var output: String?

  @Flag(name: [.customShort("r"), .long], help: "Directories too, with all that is beneath them.")
  var recursive = false

  @OptionGroup var server: ServerOptions

  /// A file to download, and where to write it.
  struct Part: Sendable {
    let source: String
    let target: String
    var size: Int64?
    var isExecutable = false
  }

  func run(in context: Context) async throws {
    let files = try await context.files(of: selection, server)
    var parts: [Part] = []
    for path in paths { parts += try await plan(TaskFiles.normalized(path), files, context) }
    let isToOutput = parts.contains { $0.target == "-" }
    let sizes = parts.compactMap(\.size)
    let total = sizes.count == parts.count ? sizes.reduce(0, +) : nil
    let isShown = !isToOutput || !context.terminal.output.isTerminal
    let single = parts.count == 1 ? parts[0] : nil
    let advice = ErrorAdvice(.files, url: server.url)
    let shared = Progress("", total: total, on: isShown ? context.terminal : nil)
    defer { shared.end() }
    try await Batch(items: parts, width: isToOutput ? 1 : 4).run(in: context, advice: advice) { part in
      do {
        let content = try await files.client.fileContent(of: files.id, path: part.source)
        let own = single != nil && total == nil
        let progress = own ? Progress(part.source, total: content.size, on: isShown ? context.terminal : nil) : shared
        progress.name(part.source)
        defer { if own { progress.end() } }
        let download = Download(content: content, progress: progress, terminal: context.terminal)
        try await download.write(to: part.target, isExecutable: part.isExecutable)
      } catch let error as BerayError {
        throw await Self.explained(error, part.source, files)
      }
    }
  }

  /// The files to download for `path`. Makes the local directories for them.
  private func plan(_ path: String, _ files: TaskFiles, _ context: Context) async throws -> [Part] {
    let name = path.split(separator: "/").last.map(String.init) ?? "."
    guard recursive, try await files.isDirectory(path) else {
      return [Part(source: path, target: try target(of: name))]
    }
    if output == "-" {
      throw CommandError.badUse("a directory does not go to standard output", advice: "use 'file zip'")
    }
    var top = output ?? "."
    // Like cp -r: copies into an existing directory, under the source's name.
    if name != ".", paths.count > 1 || isDirectory(top) { top = TaskFiles.joined(top, name) }
    try Self.make(top)
    var parts: [Part] = []
    for item in try await files.tree(path) {
      let inner = path == "." ? item.path : String(item.path.dropFirst(path.count + 1))
      switch item.entry.kind {
      case .directory: try Self.make("\(top)/\(inner)")
      case .file:
        parts.append(
          Part(
            source: item.path, target: "\(top)/\(inner)", size: item.entry.size,
            isExecutable: (item.entry.mode ?? 0) & 0o100 != 0))
      case .symbolicLink, .other: context.note("beray-fs: \(item.path): not a regular file, left out")
      }
    }
    return parts
  }

  private func target(of name: String) throws(CommandError) -> String {
    guard let output, output != "-" else { return output ?? (recursive ? name : "-") }
    if isDirectory(output) || output.utf8.last == UInt8(ascii: "/") {
      try Self.make(output)
      return output.utf8.last == UInt8(ascii: "/") ? output + name : "\(output)/\(name)"
    }
    guard paths.count == 1 else {
      throw .badUse("cannot write several files to \(output): not a directory", advice: "end it with '/'")
    }
    return output
  }

  private func isDirectory(_ path: String) -> Bool { FileStatus(behind: FilePath(path))?.isDirectory == true }

  private static func make(_ directory: String) throws(CommandError) {
    try Directory.make(FilePath(directory), mode: 0o777) { place, code in
      CommandError.system("make the directory \(place)", code.rawValue)
    }
  }

  /// Explains an error that a directory caused. Servers report that in different ways, so this looks at the path.
  private static func explained(_ error: BerayError, _ path: String, _ files: TaskFiles) async -> any Error {
    guard let status = error.status, (400..<500).contains(status), error.code != .authentication,
      (try? await files.isDirectory(path)) == true
    else { return error }
    return CommandError("\(path) is a directory", advice: "use -r, or 'file zip'")
  }
}
