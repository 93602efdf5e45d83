import Glibc
import LinuxSystem
import SystemPackage
import Testing

@Suite struct ProcessTests {
  @Test func theFieldsOfAStatFileComeAfterANameThatHoldsAnything() throws {
    let stat = Array("7 (a) b (c 1 2) S 1 7 5 0 -1 4194304 1 0 0 0 3 4 0 0 20 0 1 0 4711 0".utf8)
    let fields = try #require(ProcessStatus.Fields(stat))
    #expect(fields[4] == 1)
    #expect(fields[6] == 5)
    #expect(fields[22] == 4711)
    #expect(fields[99] == nil)
    #expect(fields[3] == nil)
    #expect(!fields.hasEnded)
    #expect(ProcessStatus.Fields(Array("7 (x) Z 1 7".utf8))?.isZombie == true)
    #expect(ProcessStatus.Fields(Array("no name".utf8)) == nil)
  }

  @Test func thisProcess() throws {
    let status = try #require(ProcessStatus(of: getpid()))
    #expect(status.parent == getppid())
    #expect(status.session == getsid(0))
    #expect(!status.hasEnded)
    #expect(ProcessStatus.allProcesses().contains(getpid()))
    #expect(ProcessFile.words("/proc/self/cmdline") == CommandLine.arguments)
    #expect(ProcessFile.bytes("/proc/self/nothing") == nil)
    #expect(ProcessFile.words("/proc/self/nothing").isEmpty)
  }

  @Test func theFirstValueOfAVariableCounts() throws {
    let variables = ProcessEnvironment.variables(in: ["A=1", "B=", "none", "A=2", "C=x=y"])
    #expect(variables == ["A": "1", "B": "", "C": "x=y"])
    #expect(ProcessEnvironment.current()["PATH"] == getenv("PATH").map { String(cString: $0) })
  }

  @Test func theEnvironmentOfAProcessIsKnownOnceItRuns() throws {
    let pipe = try Pipe()
    let child = try Spawn(
      executable: "sh", arguments: ["sh", "-c", "echo; kill -STOP $$"], environment: ["WORD": "given"],
      output: .descriptor(pipe.writeEnd.rawValue)
    ).start()
    defer {
      kill(child, SIGKILL)
      ProcessHandle.reap(child)
    }
    pipe.writeEnd.close()
    var byte: UInt8 = 0
    #expect(read(pipe.readEnd.rawValue, &byte, 1) == 1)
    #expect(ProcessEnvironment.of(child) == ["WORD": "given"])
    #expect(ProcessStatus.environment(of: child, has: "WORD=given") == true)
    #expect(ProcessStatus.environment(of: child, has: "WORD=giv") == false)
  }

  @Test func aProcessThatJustStartsAProgramIsNotTakenForOneWithoutTheVariable() throws {
    for _ in 0..<200 {
      let child = try Spawn(executable: "sleep", arguments: ["sleep", "600"], environment: ["WORD": "given"]).start()
      defer {
        kill(child, SIGKILL)
        ProcessHandle.reap(child)
      }
      var answer: Bool?
      while answer == nil { answer = ProcessStatus.environment(of: child, has: "WORD=given") }
      #expect(answer == true)
    }
    let bare = try Spawn(executable: "sleep", arguments: ["sleep", "600"], environment: [:]).start()
    let handle = try ProcessHandle(bare)
    while ProcessStatus.environment(of: bare, has: "WORD=given") == nil {}
    try handle.send(SIGKILL)
    ProcessHandle.reap(bare)
    #expect(ProcessStatus.environment(of: bare, has: "WORD=given") == false)
  }

  @Test func aHandleTellsTheEndOfAChild() throws {
    let child = try Spawn(executable: "sleep", arguments: ["sleep", "600"]).start()
    let handle = try ProcessHandle(child)
    #expect(!handle.hasEnded(within: .zero))
    try handle.send(SIGTERM)
    #expect(handle.hasEnded(within: .seconds(30)))
    #expect(ProcessHandle.reap(child) == .signalled(SIGTERM))
    try handle.send(SIGTERM)
    #expect(throws: Errno.noSuchProcess) { try ProcessHandle(child) }
  }

  @Test func theStatusOfWaitpidIsACodeOrASignal() {
    #expect(WaitStatus(0) == .exited(0) && WaitStatus(3 << 8) == .exited(3) && WaitStatus(255 << 8) == .exited(255))
    #expect(WaitStatus(SIGKILL) == .signalled(SIGKILL))
    // With a core dump.
    #expect(WaitStatus(SIGSEGV | 0x80) == .signalled(SIGSEGV))
  }

  @Test func readingEndsAtTheDeadlineOrTheLimit() throws {
    let pipe = try Pipe()
    try pipe.writeEnd.writeAll(Array("some".utf8))
    let early = try pipe.readEnd.readAll(before: .now + .milliseconds(20))
    #expect(early.bytes == Array("some".utf8))
    #expect(!early.isWhole)
    try pipe.writeEnd.writeAll(Array("more".utf8))
    pipe.writeEnd.close()
    let whole = try pipe.readEnd.readAll(before: .now + .seconds(30))
    #expect(whole.bytes == Array("more".utf8))
    #expect(whole.isWhole)
  }
}
