import BerayAPI
import Foundation
import SystemPackage
import Testing

@testable import BerayCommand

/// Where a user's directories are missing, or cannot be written to.
@Suite(.serialized) struct HomeTests {
  private let scratch = Scratch()

  /// As cron(8) and units of systemd start programs: passwd(5) tells the home.
  @Test func withoutHome() throws {
    let result = try BuiltProgram.run(
      program: "/usr/bin/env", ["-i", "PATH=/usr/bin:/bin", BuiltProgram.path, "status", "--json"], in: scratch)
    #expect(result.status == 0, "\(result)")
    #expect(try JSON(parsing: result.output)["server"]?["data"]?.stringValue?.hasSuffix("/beray-fs") == true)
  }

  @Test(arguments: ["mount", "task"])
  func aHomeThatCannotBeWrittenTo(_ command: String) throws {
    // Nobody makes directories there, not even root.
    let home = "/proc/no-home"
    let words = command == "mount" ? [scratch.path.appending("m").string] : ["task", "list"]
    let result = try BuiltProgram.run(
      program: "/usr/bin/env", ["-i", "PATH=/usr/bin:/bin", "HOME=\(home)", BuiltProgram.path] + words, in: scratch)
    #expect(result.status == 1 && result.errors.contains("cannot make /proc/no-home"), "\(result)")
    #expect(result.errors.contains("set HOME, or XDG_CONFIG_HOME"), "\(result)")
    let status = try BuiltProgram.run(["status"], in: scratch, adding: ["HOME": home])
    #expect(status.status == 0, "\(status)")
  }

  /// The local server and its socket need no runtime directory, which goes away when a user logs out.
  @Test func withoutARuntimeDirectory() throws {
    let environment = scratch.environment.filter { $0.key != "XDG_RUNTIME_DIR" }.map { "\($0.key)=\($0.value)" }
    func run(_ words: String...) throws -> BuiltProgram.Result {
      try BuiltProgram.run(program: "/usr/bin/env", ["-i"] + environment + [BuiltProgram.path] + words, in: scratch)
    }
    let list = try run("task", "list", "--json")
    #expect(list.status == 0 && list.output == "[]\n", "\(list)")
    #expect(try run("serve", "--stop").status == 0)
  }
}
