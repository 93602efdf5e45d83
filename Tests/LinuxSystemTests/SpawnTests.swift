import Glibc
import LinuxSystem
import SystemPackage
import Testing

@Suite struct SpawnTests {
  private func shell(_ script: String) -> Spawn {
    Spawn(
      executable: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin", "WORD": "given"])
  }

  @Test func aProgramIsRunToItsEnd() throws {
    let run = try ProgramRun(shell("echo out; echo err >&2; exit 3"), timeout: .seconds(30))
    #expect(String(decoding: run.output, as: UTF8.self) == "out\n")
    #expect(run.status == .exited(3))
    let both = try ProgramRun(shell("echo out; echo err >&2"), includesErrors: true, timeout: .seconds(30))
    #expect(String(decoding: both.output, as: UTF8.self) == "out\nerr\n")
    #expect(both.succeeded)
  }

  @Test func aProgramGetsWhatIsNamedAndNothingElse() throws {
    let pipe = try Pipe()
    // Without O_CLOEXEC, as a library may open a file.
    let open = OwnedDescriptor(owning: try checked(dup(pipe.readEnd.rawValue)))
    let script = "echo $WORD $HOME; pwd; for n in 3 \(open.rawValue); do [ -e /proc/$$/fd/$n ] || echo closed; done"
    var spawn = shell(script)
    spawn.directory = "/usr"
    let run = try ProgramRun(spawn, timeout: .seconds(30))
    let lines = String(decoding: run.output, as: UTF8.self).split(separator: "\n")
    #expect(lines == ["given", "/usr", "closed", "closed"])
  }

  @Test func aSessionOfItsOwn() throws {
    var spawn = shell("ps -o sid= -p $$; echo $$")
    spawn.leadsSession = true
    let run = try ProgramRun(spawn, timeout: .seconds(30))
    let numbers = String(decoding: run.output, as: UTF8.self).split { $0 == "\n" || $0 == " " }
    #expect(numbers.count == 2 && numbers[0] == numbers[1])
  }

  @Test func whatTakesTooLongIsKilled() throws {
    let start = ContinuousClock.now
    let run = try ProgramRun(shell("echo begun; exec sleep 600"), timeout: .milliseconds(200))
    #expect(run.status == nil)
    #expect(run.output == Array("begun\n".utf8))
    #expect(ContinuousClock.now - start < .seconds(60))
    #expect(try ProgramRun(shell("yes"), timeout: .seconds(30), limit: 1000).status == nil)
  }

  @Test func aMissingProgramIsNamed() {
    #expect(throws: Errno.noSuchFileOrDirectory) {
      try ProgramRun(Spawn(executable: "/nowhere/program", arguments: ["program"]), timeout: .seconds(1))
    }
  }
}
