import BerayAPI
import Foundation
import SystemPackage
import Testing

@testable import BerayCommand

/// Commands about files, by process, against a real server.
@Suite(.serialized) struct FileCommandTests {
  private let scratch = Scratch()
  private let server: RunningServer
  private let id: String

  init() throws {
    server = try RunningServer(scratch, ["--agent", "shell"])
    id = try BuiltProgram.run(["task", "create", "-q", "true"], in: scratch).output.trimmingCharacters(in: .newlines)
    _ = try BuiltProgram.run(["task", "wait", id], in: scratch)
  }

  private func run(_ arguments: String..., input: String = "") throws -> BuiltProgram.Result {
    try BuiltProgram.run(arguments, in: scratch, input: input)
  }

  private func place(_ name: String) -> String { scratch.path.appending(name).string }

  private func text(_ name: String) -> String? { try? String(contentsOfFile: place(name), encoding: .utf8) }

  private func paths() throws -> [String] {
    let listed = try JSON(parsing: run("file", "list", id, "-r", "--json").output).arrayValue ?? []
    return listed.compactMap { $0["path"]?.stringValue ?? $0["name"]?.stringValue }.sorted()
  }

  @Test func aDirectoryGoesAndComesBack() throws {
    try scratch.write("one", to: FilePath(place("src/a.txt")))
    try scratch.write("two", to: FilePath(place("src/sub/b.txt")))
    try scratch.write("#!/bin/sh\n", to: FilePath(place("src/run")), mode: 0o755)
    try FileManager.default.createDirectory(atPath: place("src/none"), withIntermediateDirectories: true)
    let refused = try run("file", "put", id, place("src"))
    #expect(refused.status == 2 && refused.errors.contains("use -r"), "\(refused)")
    let put = try run("file", "put", "-r", id, place("src"))
    #expect(put.status == 0 && put.errors == "3 files uploaded\n", "\(put)")
    #expect(try paths() == ["src", "src/a.txt", "src/none", "src/run", "src/sub", "src/sub/b.txt"])
    // As cp -r: into a directory that is there, and as one that is not.
    #expect(try run("file", "get", "-r", id, "src", "-o", place("copy")).status == 0)
    #expect(text("copy/a.txt") == "one" && text("copy/sub/b.txt") == "two")
    #expect(try scratch.mode(of: FilePath(place("copy/run"))) & 0o100 != 0)
    #expect(FileManager.default.fileExists(atPath: place("copy/none")))
    #expect(try run("file", "get", "-r", id, "src", "-o", place("copy")).status == 0)
    #expect(text("copy/src/a.txt") == "one")
    let directory = try run("file", "get", id, "src", "-o", place("x"))
    #expect(directory.status == 1 && directory.errors.contains("is a directory"), "\(directory)")
    #expect(!FileManager.default.fileExists(atPath: place("x")))
  }

  @Test func severalFilesGoIntoADirectory() throws {
    for name in ["a", "b", "c"] { try scratch.write(name, to: FilePath(place(name))) }
    let wrong = try run("file", "put", id, place("a"), place("b"), "c")
    #expect(wrong.status == 2 && wrong.errors.contains("'c' is not a directory of the task"), "\(wrong)")
    #expect(try run("file", "put", id, place("a"), place("b"), "texts/").status == 0)
    #expect(try run("file", "put", id, place("c"), "texts").status == 0)
    #expect(try run("file", "put", id, place("a"), place("b"), "--to", "more").status == 0)
    #expect(try paths() == ["more", "more/a", "more/b", "texts", "texts/a", "texts/b", "texts/c"])
    #expect(try run("file", "get", id, "texts/a", "texts/b").output == "ab")
    #expect(try run("file", "get", id, "texts/a", "texts/b", "-o", place("got") + "/").status == 0)
    #expect(text("got/a") == "a" && text("got/b") == "b")
    let half = try run("file", "get", id, "texts/a", "texts/none", "-o", place("half") + "/")
    #expect(half.status == 1 && text("half/a") == "a" && half.errors.hasPrefix("beray-fs: "), "\(half)")
  }

  @Test func filesAreMovedAndRemoved() throws {
    #expect(try run("file", "put", id, "-", "one", input: "1").status == 0)
    #expect(try run("file", "mkdir", "-p", id, "a/b", "c").status == 0)
    #expect(try run("file", "mkdir", id, "c").status == 1)
    #expect(try run("file", "mv", id, "one", "two").status == 0)
    #expect(try run("file", "mv", id, "two", "a/b").status == 0)
    #expect(try paths() == ["a", "a/b", "a/b/two", "c"])
    let directory = try run("file", "rm", id, "a")
    #expect(directory.status == 1 && directory.errors == "beray-fs: a is a directory: use -r\n", "\(directory)")
    let missing = try run("file", "rm", id, "none")
    #expect(missing.status == 1 && missing.errors.contains("there is no 'none'"), "\(missing)")
    #expect(try run("file", "rm", "-f", id, "none").status == 0)
    #expect(try run("file", "rm", "-r", id, "a", "c").status == 0)
    #expect(try paths().isEmpty)
  }

  @Test func theShellIsOfferedWhatThereIs() throws {
    #expect(try run("file", "put", id, "-", "sub/in.txt", input: "1").status == 0)
    let script = """
      source <("$P" completion bash)
      complete_line() {
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=() COMP_TYPE=9
        "$(complete -p beray-fs | sed -E 's/.*-F ([^ ]+).*/\\1/')" beray-fs "${!#}" "${COMP_WORDS[COMP_CWORD-1]}"
        echo "${COMPREPLY[@]}"
      }
      beray-fs() { "$P" "$@"; }
      complete_line beray-fs task sto
      complete_line beray-fs task show ''
      complete_line beray-fs file get \(id) sub/
      complete_line beray-fs serve --agent de
      complete_line beray-fs config get ca
      """
    let result = try BuiltProgram.run(
      program: "/bin/bash", ["-c", script], in: scratch, adding: ["P": BuiltProgram.path])
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    #expect(
      lines.starts(with: ["stop", "\(id) last", "sub/in.txt", "demo", "caFile cacheMiB"].map { $0 }), "\(result)")
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func everyShellHasAScript(shell: String) throws {
    let script = try run("completion", shell)
    #expect(script.status == 0 && script.output.contains("beray-fs") && script.output.contains("prune"))
    try scratch.write(script.output, to: FilePath(place("script")))
    for program in ["/bin/\(shell)", "/usr/bin/\(shell)"] where FileManager.default.isExecutableFile(atPath: program) {
      #expect(try BuiltProgram.run(program: program, ["-n", place("script")], in: scratch).status == 0)
    }
    #expect(try run("completion", "csh").status == 2)
  }
}
