import Synchronization
import SystemPackage
import Testing

@testable import BerayCommand

/// Commands see the world only through their context.
@Suite struct ContextTests {
  private let world = TestWorld()

  @Test(arguments: ["task", "file", "user", "token"])
  func aGroupShowsItsHelpInTheContext(_ group: String) async {
    #expect(await world.run(group) == 2)
    #expect(world.output.isEmpty && world.errors.contains("beray-fs \(group)"), "\(world.errors)")
  }

  @Test func theServerOfTheContextIsStopped() async {
    #expect(await world.run("serve", "--stop") == 0)
    #expect(world.errors == "no server of \(world.scratch.paths.data) runs\n")
  }

  /// It reads errors from a descriptor alone.
  @Test(arguments: [
    (["--agent-command"], "--agent-command takes a program and its arguments, and none follows it\n"),
    (["--nope"], "there is no option '--nope'\n"),
  ])
  func whoStartedAServerReadsWhyItsLineIsRefused(_ words: [String], _ reason: String) async throws {
    let ends = try FileDescriptor.pipe()
    defer { try? ends.readEnd.close() }
    let line = ["serve", "--ready-fd", "\(ends.writeEnd.rawValue)"] + words
    let status = await Program.run(line, in: world.context)
    #expect(status == 2 && world.errors.contains(reason.dropLast()), "\(world.errors)")
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = try bytes.withUnsafeMutableBytes { try ends.readEnd.read(into: $0) }
    #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == reason)
  }

  @Test(arguments: [
    (["secret\nmore"], "secret"), (["sec", "ret\r\n", "more"], "secret"), (["secret"], "secret"), (["\n"], nil),
    ([], nil),
  ])
  func aPasswordIsTheFirstLineOfTheInput(_ pieces: [String], _ password: String?) throws {
    world.typed.withLock { $0 = pieces.map { Array($0.utf8) } }
    let read = try? Password.obtain(prompt: "Password", fromStandardInput: true, in: world.context)
    #expect(read == password && world.errors.isEmpty)
  }

  @Test func aGoalIsAllOfTheInput() async {
    world.typed.withLock { $0 = [[0xFF]] }
    #expect(await world.run("task", "create", "-") == 2)
    #expect(world.errors == "beray-fs: standard input is not UTF-8: give text\n")
    world.typed.withLock { $0 = [Array(" \n".utf8)] }
    #expect(await world.run("task", "create", "-") == 2)
    #expect(world.errors.hasSuffix("beray-fs: the goal is empty: say what is to be done\n"))
    #expect(world.server.requests.isEmpty)
  }

  @Test func mountAndServeReadTheConfigurationOfTheContext() async throws {
    let file = world.scratch.paths.configurationFile
    try world.scratch.write("{", to: file)
    #expect(await world.run("mount", "-f", world.scratch.path.appending("m").string) != 0)
    #expect(await world.run("serve", "--port", "0") == 1)
    let lines = world.errors.split(separator: "\n")
    #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("beray-fs: \(file) is not JSON") }, "\(lines)")
  }
}
