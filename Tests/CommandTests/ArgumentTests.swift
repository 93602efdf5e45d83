import ArgumentParser
import BerayAPI
import Testing

@testable import beray_fs

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
  }

  @Test func agentCommandTakesTheRest() throws {
    let command = try #require(
      try RootCommand.parseAsRoot(["serve", "--port", "0", "--agent-command", "a", "--model", "b", "-x"])
        as? ServeCommand)
    #expect(command.agentCommand == ["a", "--model", "b", "-x"])
    #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(["serve", "--agent", "nobody"]) }
  }

  @Test func tasksGoByNumberOrDirectoryName() throws {
    #expect(try TaskSelection.read("42").rawValue == 42)
    #expect(try TaskSelection.read("42-write-docs").rawValue == 42)
    for wrong in ["", "x", "4x", "-1", "042"] {
      #expect(throws: (any Error).self) { try TaskSelection.read(wrong) }
    }
  }

  @Test func everyHelpHasAnExample() {
    func check(_ command: any ParsableCommand.Type) {
      #expect(command.configuration.discussion.contains("EXAMPLE:"), "\(command)")
      for child in command.configuration.subcommands { check(child) }
    }
    check(RootCommand.self)
  }
}
