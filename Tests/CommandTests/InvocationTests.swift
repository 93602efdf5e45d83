import ArgumentParser
import Testing

@testable import BerayCommand

@Suite struct InvocationTests {
  @Test(arguments: [
    (["--url", "U", "status"], ["status", "--url", "U"]),
    (["--json", "task", "list"], ["task", "list", "--json"]),
    (["--url=U", "--debug", "task", "show", "7"], ["task", "show", "--url=U", "--debug", "7"]),
    (["--debug", "serve", "--agent-command", "a", "--url"], ["serve", "--debug", "--agent-command", "a", "--url"]),
    (["--url", "U", "/mnt/x"], ["--url", "U", "/mnt/x"]),
    (["task", "create", "--json", "list"], ["task", "create", "--json", "list"]),
    (["--url"], ["--url"]),
  ])
  func optionsMayStandBeforeTheCommand(_ typed: [String], _ words: [String]) throws {
    #expect(try Invocation(typed).words == words)
  }

  private func check(_ words: String...) throws {
    let invocation = try Invocation(words)
    try invocation.check(RootCommand.parseAsRoot(invocation.words))
  }

  @Test func aMistypedCommandIsNoMountpoint() throws {
    for words in [["stauts"], ["--url", "http://h", "stauts"], ["stauts", "-o", "ro"]] {
      let error = #expect(throws: CommandError.self) { try Invocation(words) }
      #expect(error?.status == 2 && error?.what == "no command 'stauts'")
      #expect(error?.advice == "did you mean 'status'?")
    }
    try check("./stauts")
    try check("mount", "stauts")
    try check("none", "stauts")
    // A directory that is there.
    try check(".")
  }

  @Test(arguments: [
    (["tsak", "list"], "no command 'tsak'", "did you mean 'task'?"),
    (["task", "lst"], "no command 'task lst'", "did you mean 'task list'?"),
    (["file", "gte", "4", "a"], "no command 'file gte'", "did you mean 'file get'?"),
    (["--url", "http://h", "taks", "list"], "no command 'taks'", "did you mean 'task'?"),
    (["quux"], "no command 'quux'", "to mount there: beray-fs ./quux"),
    (["task", "frobnicate"], "no command 'task frobnicate'", "'beray-fs task --help' lists the commands"),
  ])
  func aMistypedCommandIsSuggested(_ words: [String], _ what: String, _ advice: String) {
    let error = #expect(throws: CommandError.self) { try Invocation(words) }
    #expect(error?.what == what && error?.advice == advice)
  }

  @Test(arguments: [
    (["task", "list", "--statsu", "x"], "there is no option '--statsu': did you mean '--status'?"),
    (["mount", "--freshnes", "3", "m"], "there is no option '--freshnes': did you mean '--freshness'?"),
    (["--freshnes", "3", "/m"], "there is no option '--freshnes': did you mean '--freshness'?"),
    (["file", "get", "4", "a", "--outptu=x"], "there is no option '--outptu': did you mean '--output'?"),
  ])
  func aWrongOptionIsNamed(_ words: [String], _ sentence: String) async throws {
    #expect(try Invocation(words).unknownOption == sentence)
    let world = TestWorld()
    #expect(await Program.run(words, in: world.context) == 2)
    #expect(world.errors.hasPrefix("beray-fs: \(sentence)\nUsage: beray-fs "), "\(world.errors)")
  }

  @Test func rightOptionsAreNone() throws {
    #expect(try Invocation(["serve", "--agent-command", "a", "--wat"]).unknownOption == nil)
    #expect(try Invocation(["task", "list", "--json", "--url=U"]).unknownOption == nil)
  }

  @Test(arguments: [
    (["--url", "", "task", "list"], "is empty"), (["whoami", "--url="], "Missing value for '--url"),
    (["task", "list", "--token-file", ""], "is empty"),
  ])
  func anEmptyValueIsAnError(_ words: [String], _ reason: String) async {
    let world = TestWorld()
    #expect(await Program.run(words, in: world.context) == 2)
    #expect(world.errors.contains(reason), "\(world.errors)")
  }

  @Test func helpIsForCommandsThatThereAre() throws {
    _ = try Invocation(["help", "task", "list"])
    #expect(throws: CommandError.self) { try Invocation(["help", "nope"]) }
    #expect(throws: CommandError.self) { try Invocation(["help", "task", "nope"]) }
  }

  @Test func valuesAreFoundInBothForms() throws {
    #expect(try Invocation(["task", "list", "--url", "U"]).value(of: "--url") == "U")
    #expect(try Invocation(["task", "list", "--url=U"]).value(of: "--url") == "U")
    #expect(try Invocation(["task", "list"]).value(of: "--url") == nil)
  }

  @Test(arguments: [
    (["./m", "--agent-command", "a", "--url", "b"], nil), (["./m", "--agent-command", "a", "--url=b"], nil),
    (["--url", "U", "./m", "--agent-command", "a", "--url", "b"], "U"), (["mount", "--", "--url", "b"], nil),
    (["./m", "--agent-command=a", "--url", "b"], nil),
  ])
  func theWordsOfAnAgentAreNotItsOwn(_ words: [String], _ url: String?) throws {
    #expect(try Invocation(words).value(of: "--url") == url)
  }

  @Test(arguments: [["serve", "--agent-command"], ["./m", "--agent-command"], ["serve", "--agent-command", ""]])
  func anAgentsCommandHasAProgram(_ words: [String]) async {
    let world = TestWorld()
    #expect(await Program.run(words, in: world.context) == 2)
    #expect(world.errors.hasPrefix("beray-fs: --agent-command takes a program"), "\(world.errors)")
  }

  @Test func adviceNamesNoServerFromAnAgentsWords() throws {
    let invocation = try Invocation(["./m", "--agent-command", "a", "--url", "b"])
    let advice = ErrorAdvice(
      for: try RootCommand.parseAsRoot(invocation.words), invocation, in: TestWorld().context)
    #expect(advice.url == nil && advice.server == nil)
  }
}
