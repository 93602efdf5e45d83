import ArgumentParser
import BerayAPI
import Testing

@testable import BerayCommand

@Suite struct ArgumentTests {
  @Test func mountIsTheDefault() throws {
    let command = try #require(try RootCommand.parseAsRoot(["/mnt/x", "-o", "ro", "-oallow_other"]) as? MountCommand)
    #expect(command.mountpoint == "/mnt/x")
    #expect(command.options == ["ro", "allow_other"])
  }

  @Test func fstabNamesTheServerFirst() throws {
    let command = try #require(
      try RootCommand.parseAsRoot(["https://h:1", "/mnt/x", "-o", "rw,offline_ok"]) as? MountCommand)
    #expect(command.mountpoint == "/mnt/x")
    #expect(command.serverOptions.url == "https://h:1")
    #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(["/a", "/b"]) }
    #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(["none", "/b", "--url", "http://h"]) }
  }

  @Test func theBackgroundGetsTheSameCommand() throws {
    let words = [
      "--url", "http://h:1", "--cache-size", "7", "--freshness", "0", "--timeout", "3", "--scratch=*.x", "--no-mkdir",
      "--ca-file", "/c", "--token-file", "/t", "--agent-env", "KEY",
      "-o", "ro,fsname=a\\,b", "m",
    ]
    let command = try #require(try RootCommand.parseAsRoot(words) as? MountCommand)
    let flags = try MountFlags(parsing: command.options)
    let again = command.backgroundArguments(mountpoint: "/abs/m", log: "/l", flags: flags)
    let copy = try #require(try RootCommand.parseAsRoot(again) as? MountCommand)
    #expect(copy.mountpoint == "/abs/m")
    #expect(copy.readyFd == 3)
    #expect(copy.cacheSize == 7 && copy.freshness == 0 && copy.timeout == 3)
    #expect(copy.scratch == ["*.x"] && copy.noMkdir)
    #expect(try MountFlags(parsing: copy.options) == flags)
    #expect(copy.serverOptions.url == "http://h:1")
    #expect(copy.server.caFile == "/c" && copy.server.tokenFile == "/t" && copy.agent.agentEnv == ["KEY"])
  }

  @Test(arguments: [["/m", "--scratch", ""], ["/m", "--agent", "nobody"], ["/m", "--agent-env", "BERAY_TOKEN"]])
  func badValuesAreRefusedAtOnce(_ words: [String]) {
    #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(words) }
  }

  @Test func filesGoIntoADirectoryUnderTheirName() {
    #expect(FilePut.path(of: "/a/hi", "") == "hi" && FilePut.path(of: "/a/hi/", "") == "hi")
    #expect(FilePut.path(of: "/a/hi", "sub/") == "sub/hi" && FilePut.path(of: "hi", "./") == "hi")
    #expect(FilePut.path(of: "/a/hi", "sub/b") == "sub/b")
    #expect(FilePut.path(of: "-", "b") == "b")
    #expect(FilePut.path(of: "-", "sub/") == nil && FilePut.path(of: "-", "") == nil)
    #expect(FilePut.path(of: ".", "sub/") == "sub" && FilePut.path(of: ".", "") == ".")
  }

  @Test func agentCommandTakesTheRest() throws {
    let command = try #require(
      try RootCommand.parseAsRoot(["serve", "--port", "0", "--agent-command", "a", "--model", "b", "-x"])
        as? ServeCommand)
    #expect(command.agent.agentCommand == ["a", "--model", "b", "-x"])
    #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(["serve", "--agent", "nobody"]) }
  }

  @Test func tasksGoByNumberOrDirectoryName() throws {
    let task = try TaskReference.id(#require(TaskID("42")))
    #expect(try TaskReference.read("42") == task && TaskReference.read("42-write-docs") == task)
    #expect(try TaskReference.read("last") == .last && TaskReference.read("@") == .last)
    for wrong in ["", "x", "4x", "-1", "042"] {
      #expect(throws: (any Error).self) { try TaskReference.read(wrong) }
    }
  }

  @Test func everyHelpShowsTheWholeCommandLine() {
    func check(_ command: any ParsableCommand.Type, _ path: [String]) {
      let name = (["beray-fs"] + path).joined(separator: " ")
      let usage = RootCommand.usageString(for: command)
      #expect(usage.contains(command == MountCommand.self ? "beray-fs [mount]" : name), "\(usage)")
      for child in command.configuration.subcommands { check(child, path + [child._commandName]) }
    }
    check(RootCommand.self, [])
  }

  @Test func whatMayStandBeforeTheCommandIsWhatAllHave() {
    let help = ServerOptions.helpMessage(columns: 200) + JSONOption.helpMessage(columns: 200)
    let names = Set(help.matches(of: /(?m)^ +(--[a-z-]+)/).map { String($0.1) })
    #expect(names.subtracting(["--help", "--version"]) == Invocation.options.union(Invocation.flags))
  }

  @Test func everyHelpHasExamplesThatParse() throws {
    func check(_ command: any ParsableCommand.Type, _ path: [String]) throws {
      let lines = command.configuration.discussion.split(separator: "\n").drop { $0 != "EXAMPLE:" }.dropFirst()
      for line in lines where line.hasPrefix("  ") {
        #expect(line.count <= 78, "\(line) is broken by a terminal of 80 columns")
      }
      let own = lines.filter { $0.hasPrefix("  ") }.compactMap { Self.words(inExample: $0) }
        .filter { command == MountCommand.self || $0.starts(with: path) }
      // Of the root only the default command can be an example.
      #expect(!own.isEmpty || !command.configuration.subcommands.isEmpty, "\(command) has no example")
      for words in own {
        #expect(throws: Never.self, "\(words)") { try RootCommand.parseAsRoot(words) }
      }
      for child in command.configuration.subcommands { try check(child, path + [child._commandName]) }
    }
    try check(RootCommand.self, [])
  }

  /// The arguments of `beray-fs` in one line of shell, whatever stands before it, to the end of its command.
  private static func words(inExample line: Substring) -> [String]? {
    guard let name = line.firstRange(of: "beray-fs ") else { return nil }
    var words = [""]
    var quote: Character?
    for character in line[name.upperBound...] {
      switch character {
      case quote: quote = nil
      case "'" where quote == nil, "\"" where quote == nil: quote = character
      case "|" where quote == nil, ")" where quote == nil, "&" where quote == nil, "<" where quote == nil:
        return Self.numbered(words)
      case " " where quote == nil: words.append("")
      default: words[words.count - 1].append(character)
      }
    }
    return Self.numbered(words)
  }

  private static func numbered(_ words: [String]) -> [String] {
    words.filter { !$0.isEmpty }.map { $0 == "$id" ? "42" : $0 }
  }
}
