import BerayAPI
import Foundation
import SystemPackage
import Testing

@testable import BerayCommand

/// What the article on `--json` promises, against what the commands print.
@Suite(.serialized) struct JSONArticleTests {
  private let scratch = Scratch()

  /// The types of the members of each command, by their paths.
  private static let article: [String: [String: String]] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    let file = root.appendingPathComponent("Sources/beray-fs/Documentation.docc/JSON.md")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    var commands: [String: [String: String]] = [:]
    var command = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("### ") { command = String(line.dropFirst(4)) }
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count >= 2, cells[0].hasPrefix("`") else { continue }
      commands[command, default: [:]][cells[0].trimmingCharacters(in: ["`"])] = cells[1]
    }
    return commands
  }()

  /// The type of each value of `json`, by its path; what is `documented` as a whole is not looked into.
  private func types(of json: JSON, at path: String, _ documented: [String: String]) -> [(path: String, type: String)] {
    if documented[path] != nil {
      let type =
        switch json {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
      return [(path, type)]
    }
    switch json {
    case .array(let values): return values.flatMap { types(of: $0, at: path + "[]", documented) }
    case .object(let members):
      return members.flatMap { types(of: $0.value, at: path.isEmpty ? $0.name : "\(path).\($0.name)", documented) }
    default: return [(path, "not documented")]
    }
  }

  private func check(_ command: String, _ output: String, mayLack: (String) -> Bool = { _ in false }) throws {
    let documented = try #require(Self.article[command], "the article has nothing of '\(command)'")
    let seen = types(of: try JSON(parsing: output), at: "", documented)
    for (path, type) in seen {
      let promised = documented[path] ?? "nothing"
      #expect(promised == "any" || promised.contains(type), "\(command): \(path) is \(type), not \(promised)")
    }
    let missing = Set(documented.keys).subtracting(seen.map(\.path)).filter { !mayLack($0) }
    #expect(missing.isEmpty, "\(command) lacks \(missing)")
  }

  private func run(_ words: String...) throws -> String {
    let result = try BuiltProgram.run(words + ["--json"], in: scratch)
    #expect(result.status == 0 || words == ["doctor"], "\(words): \(result)")
    return result.output
  }

  @Test func eachCommandPrintsWhatTheArticleTells() throws {
    defer { _ = try? BuiltProgram.run(["serve", "--stop"], in: scratch) }
    let file = scratch.path.appending("x")
    try scratch.write("x", to: file)
    let task = try run("task", "create", "hello")
    let id = try #require(try JSON(parsing: task)["id"]?.intValue).description
    _ = try run("task", "wait", id)
    try check("task list", try run("task", "list"))
    try check("file put", try run("file", "put", id, file.string))
    try check("file list", try run("file", "list", id))
    try check("whoami", try run("whoami"))
    try check("user list", try run("user", "list"))
    try check("token list", try run("token", "list"))
    try check("status", try run("status"), mayLack: { $0.hasPrefix("mounts[]") })
    try check("doctor", try run("doctor"))
    try check("agents", try run("agents"), mayLack: { $0 == "[].credentials[]" })
    try check("config", try run("config"))
    try check("task prune", try run("task", "prune", "--older-than", "0s", "--yes"))
  }
}
