import ArgumentParser
import Beray
import BerayAPI
import LinuxSystem
import SystemPackage

/// `beray-fs file put`.
struct FilePut: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "put",
    abstract: "Put files into a task.",
    usage: "beray-fs file put <task> <file> ... [<path>] [-r] [<options>]",
    discussion: """
      As with cp(1), the last of several words says where to: a path, or a directory of the task.

      EXAMPLE:
        beray-fs file put 42 notes.txt
        beray-fs file put 42 a.txt b.txt texts/
        beray-fs file put -r 42 src
        git diff | beray-fs file put 42 - review/change.patch
      """)

  @OptionGroup var selection: TaskSelection

  @Argument(
    help: "Local files, then a path in the task; '-' is standard input, and needs the path.", completion: .file())
  var operands: [String]

  @Option(
    name: [.customShort("t"), .long], help: ArgumentHelp("A directory of the task that gets all.", valueName: "path"),
    completion: Completions.taskFiles)
  var to: String?

  @Flag(name: [.customShort("r"), .long], help: "Directories too, with all that is beneath them.")
  var recursive = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  /// A file to upload, and its path in the task.
  struct Part: Sendable {
    let source: String
    let target: String
  }

  func run(in context: Context) async throws {
    let files = try await context.files(of: selection, server)
    let (parts, directories) = try await plan(files, context)
    let spool = context.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    if !directories.isEmpty { try await make(directories, files, context) }
    let sizes = parts.compactMap { FileStatus(behind: FilePath($0.source))?.size }
    let total = sizes.count == parts.count ? sizes.reduce(0, +) : nil
    let progress = Progress("", total: total, on: context.terminal)
    defer { progress.end() }
    let output = output
    try await Batch(items: parts).run(in: context, advice: ErrorAdvice(.files, url: server.url)) { part in
      progress.name(part.target)
      let upload = try Upload(file: part.source, input: context.input, spool: spool)
      let receipt = try await files.client.uploadFile(
        to: files.id, path: part.target, content: upload.body(progress), contentType: nil)
      if upload.isExecutable, try await files.client.capabilities().contains(.attributes) {
        try await files.client.setAttributes(of: files.id, path: part.target, mode: 0o755, modified: nil)
      }
      if parts.count == 1 { return try context.answer(receipt.raw, output) }
      try context.show(UnshownResult(json: receipt.raw), output)
    }
    if parts.count > 1 { context.note("\(parts.count) files uploaded", beside: output) }
  }

  private func plan(_ files: TaskFiles, _ context: Context) async throws -> ([Part], directories: [String]) {
    let (sources, target) = try await destination(files)
    var parts: [Part] = []
    var directories: [String] = []
    for source in sources {
      guard let path = Self.path(of: source, target) else {
        throw CommandError.badUse("'\(source)' has no file name", advice: "give its full path in the task")
      }
      guard source != "-", FileStatus(behind: FilePath(source))?.isDirectory == true else {
        parts.append(Part(source: source, target: path))
        continue
      }
      guard recursive else { throw CommandError.badUse("\(source) is a directory", advice: "use -r") }
      let tree = try LocalTree(FilePath(source))
      for file in tree.files {
        parts.append(Part(source: "\(source)/\(file)", target: TaskFiles.joined(path, file)))
      }
      directories += tree.emptyDirectories.map { TaskFiles.joined(path, $0) }
      for skipped in tree.skipped { context.note("beray-fs: \(skipped), left out") }
    }
    return (parts, directories)
  }

  /// Splits the operands into sources and target. A target directory ends with `/`; the top directory is empty.
  private func destination(_ files: TaskFiles) async throws -> (sources: [String], target: String) {
    if let to { return (operands, to.hasSuffix("/") ? to : to + "/") }
    guard operands.count > 1, let last = operands.last else { return (operands, "") }
    let sources = Array(operands.dropLast())
    if last.hasSuffix("/") { return (sources, last) }
    if try await files.isDirectory(last) { return (sources, last + "/") }
    guard sources.count == 1 else {
      throw CommandError.badUse(
        "cannot put several files there: '\(last)' is not a directory of the task",
        advice: "end it with '/', or use --to")
    }
    return (sources, last)
  }

  /// The path in the task, chosen as by cp(1). If `target` is empty or ends with `/`, the file keeps its name. Nil if
  /// the file has no name.
  static func path(of file: String, _ target: String) -> String? {
    if !target.isEmpty, !target.hasSuffix("/") { return TaskFiles.normalized(target) }
    let directory = TaskFiles.normalized(target)
    guard file != "-", let name = FilePath(AbsolutePath.of(file)).lexicallyNormalized().lastComponent?.string else {
      return nil
    }
    // `.` means the directory's contents, not the directory under a name that the user did not type.
    if TaskFiles.normalized(file) == "." { return directory }
    return TaskFiles.joined(directory, name)
  }

  private func make(_ directories: [String], _ files: TaskFiles, _ context: Context) async throws {
    guard try await files.client.capabilities().contains(.makeDirectory) else {
      return context.note("beray-fs: this server makes no directories: \(directories.count) empty ones are left out")
    }
    for directory in directories { try await FileMakeDirectory.make(directory, withParents: true, files) }
  }
}
