import BerayAPI
import Foundation
import SystemPackage
import Testing

@testable import BerayCommand

/// A mount in the background, as mount(8) makes it of a line in fstab(5), from other commands.
@Suite(.serialized, .enabled(if: access("/dev/fuse", R_OK | W_OK) == 0))
struct MountProcessTests {
  private let scratch = Scratch()

  private var mounts: [JSON] {
    get throws {
      let status = try BuiltProgram.run(["status", "--json"], in: scratch).output
      let all = try #require(JSON(parsing: status)["mounts"]?.arrayValue)
      return all.filter { $0["mountpoint"]?.stringValue?.hasPrefix(scratch.path.string) == true }
    }
  }

  /// Only root may use mount(8) so.
  @Test(.enabled(if: geteuid() == 0)) func fromFstabToTheEnd() throws {
    let server = try RunningServer(scratch, ["--data", scratch.path.appending("data").string])
    let mountpoint = scratch.path.appending("m").string
    try FileManager.default.createDirectory(atPath: mountpoint, withIntermediateDirectories: true)
    // With the type fuse.beray-fs the program is looked for in the directories of the system alone.
    let mounted = try BuiltProgram.run(
      program: "/bin/mount",
      [
        "-t", "fuse", "\(BuiltProgram.path)#\(server.url)", mountpoint, "-o",
        "token_file=\(scratch.path.appending("data/token")),timeout=2,freshness=0",
      ], in: scratch)
    #expect(mounted.status == 0, "\(mounted)")
    defer { _ = try? BuiltProgram.run(program: "/usr/bin/env", ["fusermount3", "-uz", mountpoint], in: scratch) }
    let mount = try #require(try mounts.first)
    #expect(mount["state"]?.stringValue == "live" && mount["server"]?.stringValue == server.url, "\(mount)")

    server.end()
    // It asks in the background while it shows what it has, and tries more than once.
    var status = ""
    for _ in 0..<200 where !status.contains("live, unreachable") {
      _ = try BuiltProgram.run(program: "/bin/ls", [mountpoint], in: scratch)
      status = try BuiltProgram.run(["status"], in: scratch).output
    }
    #expect(status.contains("live, unreachable"), "\(status)")

    // From where its record is not seen; it ends all the same before this returns.
    let other = scratch.path.appending("other").string
    let unmounted = try BuiltProgram.run(["unmount", mountpoint], in: scratch, adding: ["XDG_RUNTIME_DIR": other])
    #expect(unmounted.status == 0 && unmounted.errors.hasSuffix("unmounted\n"), "\(unmounted)")
    let process = try #require(mount["pid"]?.intValue)
    // Nothing, or the rest of a process that nobody has waited for yet.
    let words = (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? ""
    #expect(words.isEmpty, "\(words)")
    #expect(try mounts.isEmpty)
  }

  @Test(arguments: [true, false])
  func aMountInTheForegroundEndsWithItsTerminal(readsIt: Bool) throws {
    let data = scratch.path.appending("data").string
    let server = try RunningServer(scratch, ["--data", data])
    let mountpoint = scratch.path.appending("m").string
    defer { _ = try? BuiltProgram.run(program: "/usr/bin/env", ["fusermount3", "-uz", mountpoint], in: scratch) }
    let result = try BuiltProgram.run(
      program: "/usr/bin/python3",
      [
        "-c", Self.hangingUp, readsIt ? "terminal" : "nothing", BuiltProgram.path, "mount", "-f", mountpoint, "--url",
        server.url, "--token-file", data + "/token",
      ], in: scratch)
    #expect(result.output == "ended with 0\n", "\(result)")
    #expect(try mounts.isEmpty)
  }

  @Test func theExitStatusTellsWhatIsMissing() throws {
    let mountpoint = scratch.path.appending("m").string
    #expect(try BuiltProgram.run([mountpoint, "--url", "http://127.0.0.1:1"], in: scratch).status == 5)
    try scratch.write("t", to: scratch.path.appending("t"))
    let token = ["--token-file", scratch.path.appending("t").string]
    let away = try BuiltProgram.run([mountpoint, "--url", "http://127.0.0.1:1"] + token, in: scratch)
    #expect(away.status == 4, "\(away)")
    let server = try RunningServer(scratch, ["--data", scratch.path.appending("data").string])
    let refused = try BuiltProgram.run([mountpoint, "--url", server.url] + token, in: scratch)
    #expect(refused.status == 5 && refused.errors.contains(scratch.path.appending("t").string), "\(refused)")
  }

  /// Runs a command on a terminal of its own, takes that away once something is mounted, and tells how the command ended.
  private static let hangingUp = """
    import os, signal, sys
    main, side = os.openpty()
    child = os.fork()
    if child == 0:
        # Whoever runs the tests may ignore it, as nohup(1) does.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.login_tty(side)
        if sys.argv[1] == "nothing": os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.execv(sys.argv[2], sys.argv[2:])
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(30)
    os.close(side)
    said = b""
    while b"mounted at" not in said: said += os.read(main, 1000)
    os.close(main)
    print("ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """

  @Test func aFailedMountLeavesNoDirectory() throws {
    let mountpoint = scratch.path.appending("new").string
    let result = try BuiltProgram.run([mountpoint, "--url", "http://127.0.0.1:1"], in: scratch)
    #expect(result.status == 5, "\(result)")
    #expect(!FileManager.default.fileExists(atPath: mountpoint))
  }

  @Test func aTokenThatCanBeReadOnceIsEnough() throws {
    let server = try RunningServer(scratch, ["--data", scratch.path.appending("data").string])
    let mountpoint = scratch.path.appending("m").string
    let result = try BuiltProgram.run(
      program: "/bin/bash",
      [
        "-c", "\"$0\" \"$1\" --url \"$2\" --token-file <(cat \"$3\")", BuiltProgram.path, mountpoint, server.url,
        scratch.path.appending("data/token").string,
      ], in: scratch)
    #expect(result.status == 0, "\(result)")
    #expect(try mounts.first?["status"]?["user"]?.stringValue == "local@localhost")
    #expect(try BuiltProgram.run(["unmount", mountpoint], in: scratch).status == 0)
  }

  @Test func aPasswordFileIsEnoughToMount() throws {
    let data = scratch.path.appending("data").string
    let server = try RunningServer(scratch, ["--data", data])
    try scratch.write("wrong", to: scratch.path.appending("password"))
    // It is tried, and refused by the server: that is what there is to see without an account.
    let result = try BuiltProgram.run(
      [scratch.path.appending("m").string, "--url", server.url], in: scratch,
      adding: ["BERAY_EMAIL": "a@b.c", "BERAY_PASSWORD_FILE": scratch.path.appending("password").string])
    #expect(result.status == 5 && result.errors.contains("login --url \(server.url)"), "\(result)")
    let log = try FileManager.default.contentsOfDirectory(atPath: scratch.paths.state.string)
      .filter { $0.hasPrefix("mount-") }
      .map { try String(contentsOfFile: scratch.paths.state.appending($0).string, encoding: .utf8) }
    #expect(log.joined().contains("no new token"), "\(log)")
  }

  @Test func aRestartServesTheSameMountByAnotherProcess() throws {
    let server = try RunningServer(scratch, ["--data", scratch.path.appending("data").string])
    let mountpoint = scratch.path.appending("m").string
    defer { _ = try? BuiltProgram.run(program: "/usr/bin/env", ["fusermount3", "-uz", mountpoint], in: scratch) }
    let token = scratch.path.appending("data/token").string
    let mounted = try BuiltProgram.run(
      [mountpoint, "--url", server.url, "--token-file", token, "--freshness", "0", "-o", "noatime"], in: scratch)
    #expect(mounted.status == 0, "\(mounted)")
    let before = try #require(try mounts.first)
    #expect(before["version"]?.stringValue?.hasPrefix(Version.number) == true)

    let restarted = try BuiltProgram.run(["restart", mountpoint], in: scratch)
    #expect(restarted.status == 0 && restarted.errors.contains("served by beray-fs"), "\(restarted)")
    let after = try #require(try mounts.first)
    #expect(after["state"]?.stringValue == "live" && after["server"]?.stringValue == server.url, "\(after)")
    #expect(after["pid"] != before["pid"])

    let report = try BuiltProgram.run(["diagnose", "--output", "-", "--url", server.url], in: scratch)
    #expect(report.status == 0 && report.output.contains("== mounts\n{"), "\(report)")
    let secret = try String(contentsOfFile: token, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(!secret.isEmpty && !report.output.contains(secret))
    let unmounted = try BuiltProgram.run(["unmount", mountpoint], in: scratch)
    #expect(unmounted.status == 0, "\(unmounted)")
    let again = try BuiltProgram.run(["restart", mountpoint], in: scratch)
    #expect(again.status == 1 && again.errors.contains("nothing is mounted at"), "\(again)")
  }

  /// The directory of a session goes away when its user logs out, and the next login makes another one.
  @Test func aLogoutIsSurvived() throws {
    let mountpoint = scratch.path.appending("m").string
    defer { _ = try? BuiltProgram.run(program: "/usr/bin/env", ["fusermount3", "-uz", mountpoint], in: scratch) }
    let mounted = try BuiltProgram.run(["--agent", "shell", mountpoint], in: scratch)
    #expect(mounted.status == 0, "\(mounted)")
    let server = try #require(try JSON(parsing: BuiltProgram.run(["status", "--json"], in: scratch).output)["server"])
    try FileManager.default.removeItem(atPath: scratch.path.appending("run").string)

    let made = try BuiltProgram.run(["task", "create", "echo on > f", "--wait", "-q"], in: scratch)
    #expect(made.status == 0 && made.output == "1\n", "\(made)")
    #expect(try String(contentsOfFile: mountpoint + "/1/files/f", encoding: .utf8) == "on\n")
    let next = ["XDG_RUNTIME_DIR": scratch.path.appending("next").string]
    let status = try BuiltProgram.run(["status", "--json"], in: scratch, adding: next)
    #expect(try JSON(parsing: status.output)["server"]?["pid"] == server["pid"], "\(status)")
    #expect(try BuiltProgram.run(["unmount", mountpoint], in: scratch, adding: next).status == 0)
    #expect(try BuiltProgram.run(["serve", "--stop"], in: scratch, adding: next).status == 0)
  }
}
