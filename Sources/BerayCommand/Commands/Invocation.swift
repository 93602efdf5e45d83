import ArgumentParser
import Glibc
import SystemPackage

/// What the user typed, in the order that the argument parser wants: it knows most options only behind the name of their command.
struct Invocation {
  /// All words but the program's name. Options that stood before the command stand directly behind it, and not at the
  /// end: what follows `--agent-command` belongs to that.
  let words: [String]
  /// Whether a command is named; else `mount` is meant.
  let namesCommand: Bool

  /// The options that any command may have, and so may stand before it: those with a value, and those without.
  private static let options: Set = ["--url", "--token-file", "--ca-file", "--log-file"]
  private static let flags: Set = ["--insecure-http", "--debug", "--json"]

  /// - Throws: ``CommandError`` where help is asked for a command that there is not.
  init(_ arguments: [String]) throws(CommandError) {
    let leading = arguments.prefix(Self.leadingOptions(arguments))
    let rest = arguments.dropFirst(leading.count)
    let path = rest.prefix(Self.commandWords(rest))
    namesCommand = !path.isEmpty || rest.first == "help"
    words = Array(path + leading + rest.dropFirst(path.count))
    guard rest.first == "help" else { return }
    let asked = rest.dropFirst()
    if Self.commandWords(asked) < asked.count {
      throw Self.noCommand(asked.joined(separator: " "), advice: "'beray-fs --help' lists the commands")
    }
  }

  /// Refuses a mistyped command, which would otherwise be made a directory and mounted on.
  func check(_ command: any ParsableCommand) throws(CommandError) {
    guard !namesCommand, let mount = command as? MountCommand, mount.operands.count == 1 else { return }
    let name = mount.mountpoint
    guard !name.contains("/"), !Self.canBeMountpoint(name) else { return }
    throw Self.noCommand(name, advice: "to mount there: beray-fs ./\(name)")
  }

  /// What follows `option` as its value, wherever it stands.
  func value(of option: String) -> String? {
    for (index, word) in words.enumerated() {
      if word == option { return index + 1 < words.count ? words[index + 1] : nil }
      if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
    }
    return nil
  }

  private static func noCommand(_ name: String, advice: String) -> CommandError {
    .badUse("no command '\(name)'", advice: advice)
  }

  /// A directory, or what cannot be looked at, such as a mount whose process is gone.
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

  /// How many of the words are the path to a command, such as `task list`.
  private static func commandWords(_ words: ArraySlice<String>) -> Int {
    var command: any ParsableCommand.Type = RootCommand.self
    var count = 0
    for word in words {
      guard let child = command.configuration.subcommands.first(where: { $0._commandName == word }) else { break }
      command = child
      count += 1
    }
    return count
  }
}
