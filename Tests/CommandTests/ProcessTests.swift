import BerayAPI
import Foundation
import SystemPackage
import Testing

@testable import BerayCommand

/// What only a process of its own shows: terminals, signals and descriptors.
@Suite(.serialized) struct ProcessTests {
  private let scratch = Scratch()

  private func shell(_ script: String, adding: [String: String] = [:]) throws -> BuiltProgram.Result {
    try BuiltProgram.run(
      program: "/bin/sh", ["-c", script], in: scratch, adding: adding.merging(["P": BuiltProgram.path]) { $1 })
  }

  @Test func closedDescriptorsAreNoFiles() throws {
    #expect(try shell("exec \"$P\" --version >&-").status == 0)
  }

  @Test func whoStartedItHearsOfBadUse() throws {
    let result = try BuiltProgram.run(["mount", "--ready-fd", "1", "--nope", "/x/y"], in: scratch)
    #expect(result.status == 2 && result.output.contains("--nope"), "\(result)")
  }

  @Test func badUseIsTwo() throws {
    for words in [
      ["stauts"], ["task"], ["file"], ["help", "nope"], ["task", "list", "--url", "ftp://x"], ["task", "create", "  "],
    ] {
      let result = try BuiltProgram.run(words, in: scratch)
      #expect(result.status == 2 && result.output.isEmpty && !result.errors.isEmpty, "\(words): \(result)")
    }
  }

  @Test func ctrlCAtThePasswordLeavesTheEchoOn() throws {
    let result = try BuiltProgram.run(
      program: "/usr/bin/python3",
      ["-c", Self.typing, BuiltProgram.path, "login", "--url", "http://127.0.0.1:1", "a@b.c"], in: scratch)
    #expect(result.output == "hidden, ended by SIGINT, shown\n", "\(result)")
  }

  /// Runs a command on a terminal of its own, types Ctrl-C once it hides what is typed, and tells how the echo is.
  private static let typing = """
    import os, pty, signal, sys, termios
    main, side = os.openpty()
    def echo(): return "shown" if termios.tcgetattr(side)[3] & termios.ECHO else "hidden"
    child = os.fork()
    if child == 0:
        os.login_tty(side)
        os.execv(sys.argv[1], sys.argv[1:])
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(20)
    said = b""
    while b"Password" not in said: said += os.read(main, 1000)
    while echo() == "shown": pass
    before = echo()
    os.write(main, b"\\x03")
    status = os.waitpid(child, 0)[1]
    end = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    print(f"{before}, ended by {end}, {echo()}")
    """

  @Test func nohupStaysInForce() throws {
    let server = try RunningServer(scratch, [], through: ["/usr/bin/nohup"])
    let process = try #require(LocalServerProcess(at: scratch.paths.serverSocket))
    let status = try String(contentsOfFile: "/proc/\(process.id)/status", encoding: .utf8)
    let ignored = try #require(status.firstMatch(of: /SigIgn:\s*([0-9a-f]+)/)).1
    #expect(try #require(UInt64(ignored, radix: 16)) & 1 << (SIGHUP - 1) != 0)
    withExtendedLifetime(server) {}
  }

  @Test func aDownloadKeepsTheModeAndLeavesNoPart() throws {
    let server = try RunningServer(scratch, ["--agent", "shell"])
    let created = try BuiltProgram.run(["task", "create", "echo new > f"], in: scratch)
    let id = created.output.trimmingCharacters(in: .newlines)
    #expect(try BuiltProgram.run(["task", "wait", id], in: scratch).status == 0)
    let file = scratch.path.appending("out/f")
    try scratch.write("old", to: file, mode: 0o600)
    #expect(try BuiltProgram.run(["file", "get", id, "f", "-o", file.string], in: scratch).status == 0)
    #expect(try String(contentsOfFile: file.string, encoding: .utf8) == "new\n")
    #expect(try scratch.mode(of: file) == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path.appending("out").string) == ["f"])
    let into = try BuiltProgram.run(["file", "get", id, "f", "-o", scratch.path.string], in: scratch)
    #expect(into.status == 0, "\(into.errors)")
    #expect(try String(contentsOfFile: scratch.path.appending("f").string, encoding: .utf8) == "new\n")
    #expect(try BuiltProgram.run(["file", "list", id, "--json"], in: scratch).output.contains("\"etag\""))
    withExtendedLifetime(server) {}
  }

  @Test func statusTellsThatTheServerIsGone() throws {
    let summary = MountState.summary(
      of: ["connection": ["state": "unreachable"], "pending_uploads": [["path": "a"], ["path": "b"]]])
    #expect(summary == "live, unreachable, 2 uploads pending")
    #expect(MountState.summary(of: ["connection": ["state": "connected"], "pending_uploads": []]) == "live")
  }
}
