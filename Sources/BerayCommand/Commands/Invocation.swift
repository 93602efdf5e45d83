import ArgumentParser
import Glibc
import LinuxSystem
import SystemPackage

/// The command line, with the options from before the command moved behind it.
///
/// An option group on the root would not do: the parser parses a parent command's options leniently over the whole
/// line. It would take `--url` from `serve --agent-command a --url b`, although that belongs to the agent.
struct Invocation {
  /// All words except the program's name. Options from before the command come directly after it. They cannot go to the
  /// end, because all words after `--agent-command` belong to the agent.
  let words: [String]
  /// The command to run; `mount` if none is named.
  let command: any ParsableCommand.Type
  /// The words that name the command, such as `task list`; empty if none is named.
  let path: [String]

  /// The options that are allowed before the command: `options` take a value, `flags` do not.
  static let options: Set = ["--url", "--token-file", "--ca-file", "--log-file"]
  static let flags: Set = ["--insecure-http", "--debug", "--json"]

  /// - Throws: ``CommandError`` if there is no such command.
  init(_ arguments: [String]) throws(CommandError) {
    let leading = arguments.prefix(Self.leadingOptions(arguments))
    let rest = arguments.dropFirst(leading.count)
    let commands = Self.commands(rest)
    path = Array(rest.prefix(commands.count))
    command = commands.last ?? MountCommand.self
    words = Array(path + leading + rest.dropFirst(path.count))
    if rest.first == "help" {
      try Self.checkHelp(rest.dropFirst())
      return
    }
    // Words with a leading dash include the parser's own, which shells use to ask for completions.
    guard let next = rest.dropFirst(path.count).first, !next.hasPrefix("-") else { return }
    if path.isEmpty {
      guard !next.contains("/"), !ServerChoice.isServer(next), !Self.canBeMountpoint(next) else { return }
      throw Self.noCommand([next], below: RootCommand.self)
    }
    if !command.configuration.subcommands.isEmpty { throw Self.noCommand(path + [next], below: command) }
  }

  private static func checkHelp(_ asked: ArraySlice<String>) throws(CommandError) {
    let found = commands(asked)
    guard found.count == asked.count else {
      throw noCommand(Array(asked.prefix(found.count + 1)), below: found.last ?? RootCommand.self)
    }
  }

  /// Refuses a mistyped command, whose name would become a directory to mount on, and an agent's command without words,
  /// which the parser takes for one that is not given.
  func check(_ command: any ParsableCommand) throws(CommandError) {
    let agent = (command as? MountCommand)?.agent ?? (command as? ServeCommand)?.agent
    if agent?.agentCommand.isEmpty == true, words.prefix(while: { $0 != "--" }).last == "--agent-command" {
      throw .badUse("--agent-command takes a program and its arguments, and none follows it")
    }
    guard path.isEmpty, let mount = command as? MountCommand, mount.operands.count == 1 else { return }
    let name = mount.mountpoint
    guard !name.contains("/"), !Self.canBeMountpoint(name) else { return }
    throw Self.noCommand([name], below: RootCommand.self)
  }

  /// A message about the first unknown option; nil if all are known.
  var unknownOption: String? {
    let known = Self.optionNames(of: command)
    for word in Self.own(words[path.count...]) {
      guard word.hasPrefix("--") else { continue }
      let name = String(word.prefix { $0 != "=" })
      guard !known.contains(name) else { continue }
      let similar = Spelling.nearest(to: name, in: known)
      return "there is no option '\(name)'" + (similar.map { ": did you mean '\($0)'?" } ?? "")
    }
    return nil
  }

  /// The value of `option`, wherever it is among the program's own words.
  func value(of option: String) -> String? { Self.value(of: option, in: words) }

  static func value(of option: String, in words: [String]) -> String? {
    let own = own(words[...])
    for (index, word) in own.enumerated() {
      if word == option { return index + 1 < own.count ? own[index + 1] : nil }
      if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
    }
    return nil
  }

  /// Tells whoever started this process in the background why it does not run. That one reads errors only from this
  /// descriptor.
  func tellStarter(_ reason: String, in context: Context) {
    guard let descriptor = value(of: "--ready-fd").flatMap({ Int32($0) }) else { return }
    ReadySignal(descriptor: descriptor, in: context).failed(reason)
  }

  /// The words that can be options of this program: those before an agent's command, and before `--`.
  private static func own(_ words: ArraySlice<String>) -> [String] {
    Array(words.prefix { $0 != "--" && $0 != "--agent-command" && !$0.hasPrefix("--agent-command=") })
  }

  /// Reads the option names from the help text, which has lines such as `  -q, --quiet  …`.
  private static func optionNames(of command: any ParsableCommand.Type) -> [String] {
    var names: [String] = []
    for line in RootCommand.helpMessage(for: command, includeHidden: true).split(separator: "\n")
    where line.hasPrefix("  -") {
      for word in line.split(separator: " ") {
        guard word.hasPrefix("-") else { break }
        names.append(String(word.hasSuffix(",") ? word.dropLast() : word))
      }
    }
    return names
  }

  private static func noCommand(_ path: [String], below parent: any ParsableCommand.Type) -> CommandError {
    let name = path[path.count - 1]
    let children = parent.configuration.subcommands
    let names: [String] = children.map { $0._commandName } + children.flatMap { $0.configuration.aliases }
    let above = path.dropLast().joined(separator: " ")
    var advice = "'beray-fs \(above.isEmpty ? "" : above + " ")--help' lists the commands"
    if parent == RootCommand.self { advice = "to mount there: beray-fs ./\(name)" }
    if let similar = Spelling.nearest(to: name, in: names) {
      advice = "did you mean '\(above.isEmpty ? "" : above + " ")\(similar)'?"
    }
    return .badUse("no command '\(path.joined(separator: " "))'", advice: advice)
  }

  /// Whether `name` exists and is not a regular file. A stale mount counts too, although stat(2) fails on it.
  private static func canBeMountpoint(_ name: String) -> Bool {
    guard let status = FileStatus(of: FilePath(name)) else { return errno != ENOENT }
    return !status.isRegularFile
  }

  private static func leadingOptions(_ words: [String]) -> Int {
    var count = 0
    while count < words.count {
      let name = words[count].prefix { $0 != "=" }
      if flags.contains(words[count]) {
        count += 1
      } else if options.contains(String(name)) {
        count += name.count == words[count].count ? 2 : 1
      } else {
        break
      }
    }
    return min(count, words.count)
  }

  /// The chain of commands that the first words name, from the root down.
  private static func commands(_ words: ArraySlice<String>) -> [any ParsableCommand.Type] {
    var command: any ParsableCommand.Type = RootCommand.self
    var found: [any ParsableCommand.Type] = []
    for word in words {
      let child = command.configuration.subcommands.first {
        $0._commandName == word || $0.configuration.aliases.contains(word)
      }
      guard let child else { break }
      command = child
      found.append(child)
    }
    return found
  }
}
