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
      let invocation = try Invocation(words)
      let error = #expect(throws: CommandError.self) {
        try invocation.check(RootCommand.parseAsRoot(invocation.words))
      }
      #expect(error?.status == 2 && error?.what == "no command 'stauts'")
    }
    try check("./stauts")
    try check("mount", "stauts")
    try check("none", "stauts")
    // A directory that is there.
    try check(".")
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
}
