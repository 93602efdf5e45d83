import ArgumentParser
import BerayAPI
import BerayClient
import SystemPackage

/// `beray-fs file`.
struct FileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "file",
    abstract: "List, get and put the files of a task.",
    discussion: """
      EXAMPLE:
        beray-fs file list 42
        beray-fs file get 42 result.md
        beray-fs file put 42 notes.txt
      """,
    subcommands: [List.self, Get.self, Put.self, Zip.self])

  func run() throws { try CommandGroup.refuse(Self.self) }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a directory of a task.",
      discussion: """
        EXAMPLE:
          beray-fs file list 42
          beray-fs file list 42 src --json | jq -r '.[].name'
        """)

    @OptionGroup var selection: TaskSelection

    @Argument(help: "The directory, from the top of the task's files.")
    var path = "."

    @OptionGroup var output: JSONOption

    func run() async throws {
      let entries = try await selection.connect().client.fileTree(of: selection.id, path: path, recursive: false)
      if output.json { return try Terminal.print(JSON.array(entries.map(\.raw)).serialized()) }
      var table = Table("MODE", "SIZE", "MODIFIED", "NAME")
      for entry in entries {
        table.append(
          entry.mode.map { String($0, radix: 8) } ?? "-", entry.size.map(String.init) ?? "-",
          entry.modified?.iso8601(fractionDigits: 0) ?? "-",
          entry.name + (entry.kind == .directory ? "/" : "") + (entry.target.map { " -> \($0)" } ?? ""))
      }
      for line in table.lines { try Terminal.print(line) }
    }
  }

  struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Get a file of a task, to standard output or into a file.",
      discussion: """
        EXAMPLE:
          beray-fs file get 42 result.md
          beray-fs file get 42 build/app.tar -o app.tar
        """)

    @OptionGroup var selection: TaskSelection

    @Argument(help: "The file, from the top of the task's files.")
    var path: String

    @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Where to write it.", valueName: "file"))
    var output = "-"

    func run() async throws {
      let content = try await selection.connect().client.fileContent(
        of: selection.id, path: path, range: nil, ifNoneMatch: nil)
      try await Download(label: path, content: content).write(to: output)
    }
  }

  struct Put: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a file into a task.",
      discussion: """
        EXAMPLE:
          beray-fs file put 42 notes.txt
          git diff | beray-fs file put 42 - review/change.patch
        """)

    @OptionGroup var selection: TaskSelection

    @Argument(help: "The file here; '-' is standard input, and needs PATH.")
    var file: String

    @Argument(help: "Its path in the task; by default its name, and beneath PATH/ too.")
    var path: String?

    @OptionGroup var output: JSONOption

    func run() async throws {
      guard let path = Self.destination(of: file, path) else {
        throw CommandError.badUse("it has no name", advice: "say which path in the task it shall have")
      }
      let upload = try Upload(file: file)
      let progress = Progress(path, total: upload.length)
      defer { progress.end() }
      let receipt = try await selection.connect().client.uploadFile(
        to: selection.id, path: path, content: upload.body(progress), contentType: nil)
      progress.end()
      try Answer.show(receipt.raw, json: output.json)
    }

    /// The path in the task, as cp(1) has it: one that ends with `/` is a directory that gets the file under its name.
    static func destination(of file: String, _ path: String?) -> String? {
      if let path, path.utf8.last != UInt8(ascii: "/") { return path }
      guard file != "-", let name = FilePath(file).lastComponent?.string else { return nil }
      return (path ?? "") + name
    }
  }

  struct Zip: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Get files of a task as one ZIP.",
      discussion: """
        EXAMPLE:
          beray-fs file zip 42 -o 42.zip
          beray-fs file zip 42 src README.md -o - | bsdtar -xf -
        """)

    @OptionGroup var selection: TaskSelection

    @Argument(help: "Files and directories; by default everything.")
    var paths: [String] = []

    @Option(
      name: [.customShort("o"), .long], help: ArgumentHelp("The archive; '-' is standard output.", valueName: "file"))
    var output: String

    func run() async throws {
      guard output != "-" || !Terminal.standardOutputIsTerminal else {
        throw CommandError.badUse("a ZIP is nothing for a terminal", advice: "use -o FILE")
      }
      let content = try await selection.connect().client.archive(of: selection.id, paths: paths)
      try await Download(label: output == "-" ? "zip" : output, content: content).write(to: output)
    }
  }
}
