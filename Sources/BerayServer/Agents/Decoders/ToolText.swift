internal import BerayAPI
internal import Foundation

/// Words tool calls and their results the same way for all agents.
struct ToolText: Sendable {
  /// Paths beneath it are shown relative to it.
  let workDirectory: String

  /// The longest text that is shown, in characters.
  private static let limit = 300
  private static let commandNames = ["command", "cmd", "script", "code"]
  private static let pathNames = ["file_path", "filePath", "path", "absolute_path", "notebook_path", "filename"]
  private static let subjectNames = [
    "pattern", "query", "url", "glob", "regex", "prompt", "description", "goal", "message", "skill", "name",
  ]
  private static let contentNames = ["content", "file_text", "text", "new_content"]
  private static let oldNames = ["old_string", "old_str", "oldString", "old_text"]
  private static let newNames = ["new_string", "new_str", "newString", "new_text"]

  /// Words a tool call: `Bash: pytest -q`, `Write hello.txt (+12)`, `Grep: TODO`.
  func call(_ name: String, _ input: JSON?) -> String {
    let name = Self.shortName(name)
    guard let input else { return name }
    if let command = Self.text(input, Self.commandNames), !Self.isFileVerb(command) {
      return "\(name): \(Self.line(Self.unwrapped(command)))"
    }
    if let words = Self.commandNames.lazy.compactMap({ input[$0]?.arrayValue }).first {
      return "\(name): \(Self.line(words.compactMap(\.stringValue).joined(separator: " ")))"
    }
    if let path = Self.text(input, Self.pathNames) {
      return "\(name) \(Self.line(shown(path)))\(Self.change(input))"
    }
    if let subject = Self.text(input, Self.subjectNames) { return "\(name): \(Self.line(subject))" }
    let scalars = (input.objectValue ?? []).compactMap { member in
      member.value.scalarText.map { "\(member.name)=\($0)" }
    }
    return scalars.isEmpty ? name : "\(name): \(Self.line(scalars.joined(separator: " ")))"
  }

  /// The last lines that a command wrote, and its exit status unless that is 0; nil if there is nothing to show.
  static func output(_ text: String, exitStatus: Int? = nil) -> String? {
    let lines = EscapeSequences.plain(text).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    var tail = lines.suffix(3).joined(separator: " | ")
    var isCut = lines.count > 3
    if tail.count > limit {
      tail = String(tail.suffix(limit))
      isCut = true
    }
    if isCut { tail = "… " + tail }
    guard let exitStatus, exitStatus != 0 else { return tail.isEmpty ? nil : tail }
    return tail.isEmpty ? "exit \(exitStatus)" : "exit \(exitStatus): \(tail)"
  }

  /// The path relative to the work directory, if it lies beneath it.
  func shown(_ path: String) -> String {
    let prefix = workDirectory + "/"
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
  }

  /// Extracts the command from `/bin/bash -lc "…"`.
  static func unwrapped(_ command: String) -> String {
    let shells = [
      "/bin/bash -lc ", "/bin/bash -c ", "bash -lc ", "bash -c ", "/bin/sh -c ", "sh -c ", "/usr/bin/bash -lc ",
    ]
    guard let shell = shells.first(where: command.hasPrefix) else { return command }
    let quoted = command.dropFirst(shell.count)
    guard let quote = quoted.first, quote == "\"" || quote == "'", quoted.count > 1, quoted.last == quote else {
      return String(quoted)
    }
    let inner = String(quoted.dropFirst().dropLast())
    if quote == "'" { return inner.replacing("'\\''", with: "'").replacing("'\"'\"'", with: "'") }
    return inner.replacing("\\\"", with: "\"").replacing("\\$", with: "$").replacing("\\`", with: "`")
      .replacing("\\\\", with: "\\")
  }

  /// Joins a text into one line and cuts it off if it is long.
  static func line(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }.joined(separator: "; ")
    return line.count > limit ? line.prefix(limit) + "…" : line
  }

  /// How many lines a call adds and removes: ` (+12)`, ` (+3 -1)`.
  private static func change(_ input: JSON) -> String {
    if let old = text(input, oldNames), let new = text(input, newNames) {
      return " (+\(lineCount(new)) -\(lineCount(old)))"
    }
    if let content = text(input, contentNames) { return " (+\(lineCount(content)))" }
    return ""
  }

  static func lineCount(_ text: String) -> Int {
    if text.isEmpty { return 0 }
    return text.utf8.count { $0 == UInt8(ascii: "\n") } + (text.hasSuffix("\n") ? 0 : 1)
  }

  /// Whether `command` names a file operation of the tool, as some editing tools use it, rather than a shell command.
  private static func isFileVerb(_ command: String) -> Bool {
    ["view", "create", "str_replace", "insert", "undo_edit"].contains(command)
  }

  /// `file_system.write_file` is `write_file`, `developer__shell` is `shell`.
  private static func shortName(_ name: String) -> String {
    if name.hasPrefix("mcp__") { return String(name.dropFirst(5)).replacing("__", with: ".") }
    let parts = name.replacing("__", with: ".").split(separator: ".")
    return parts.last.map(String.init) ?? name
  }

  private static func text(_ input: JSON, _ names: [String]) -> String? {
    names.lazy.compactMap { input[$0]?.stringValue }.first
  }
}

/// Text meant for a terminal.
enum EscapeSequences {
  /// Removes escape sequences (ECMA-48 CSI and OSC), and text that was overwritten after a carriage return.
  static func plain(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0 == "\u{1b}" || $0 == "\r" }) else { return text }
    return text.replacing(
      /\u{1b}\[[0-?]*[ -\/]*[@-~]|\u{1b}\][^\u{07}\u{1b}]*(\u{07}|\u{1b}\\)|\u{1b}[@-Z\\-_]/, with: ""
    )
    .replacing("\r\n", with: "\n")
    .split(separator: "\n", omittingEmptySubsequences: false)
    .map { $0.split(separator: "\r").last ?? "" }.joined(separator: "\n")
  }
}
