import Glibc
import Synchronization
import Testing
import VFS

@testable import Fuse

/// What waits, and what ends the wait.
@Suite(.serialized) struct WaitingTests {
  @Test func aParkedReadDiesWithItsProcess() async throws {
    try await TestMount.with { (mount) async throws in
      mount.fileSystem.add("stream", isStream: true)
      let reader = try Command(["cat", "stream"], in: mount.path)
      try await mount.waitForCalls(of: "parked")
      let start = ContinuousClock.now
      kill(reader.process, SIGKILL)
      let result = try await mount.result(of: reader, within: 5)
      #expect(result.signal == SIGKILL)
      #expect(!result.timedOut)
      #expect(ContinuousClock.now - start < .seconds(1))
    }
  }

  @Test func aSignalEndsAParkedReadWithEINTR() async throws {
    try await TestMount.with { (mount) async throws in
      mount.fileSystem.add("stream", isStream: true)
      let reader = try Command(
        [
          "python3", "-c",
          """
          import os, signal, errno
          class Stop(Exception): pass
          def stop(*_): raise Stop()
          signal.signal(signal.SIGUSR1, stop)
          f = os.open('stream', os.O_RDONLY)
          try: os.read(f, 1)
          except Stop: print('interrupted')
          """,
        ], in: mount.path)
      try await mount.waitForCalls(of: "parked")
      kill(reader.process, SIGUSR1)
      let result = try await mount.result(of: reader, within: 10)
      #expect(result.output == "interrupted\n")
      #expect(result.succeeded)
    }
  }

  @Test func aParkedReadReturnsWhatIsAppended() async throws {
    try await TestMount.with { (mount) async throws in
      let inode = mount.fileSystem.add("stream", isStream: true)
      let reader = try Command(["head", "-c", "5", "stream"], in: mount.path)
      try await mount.waitForCalls(of: "parked")
      mount.fileSystem.append(Array("hello".utf8), to: inode)
      #expect(try await mount.result(of: reader, within: 10).output == "hello")
    }
  }

  @Test func aReadThatMayNotWaitFailsWithEAGAIN() async throws {
    try await TestMount.with { (mount) async throws in
      mount.fileSystem.add("stream", isStream: true)
      let result = try await mount.python(
        """
        import os
        f = os.open('stream', os.O_RDONLY | os.O_NONBLOCK)
        try: os.read(f, 1)
        except BlockingIOError: print('EAGAIN')
        """)
      #expect(result.output == "EAGAIN\n")
    }
  }

  @Test func pollWakesWhenSomethingComes() async throws {
    try await TestMount.with { (mount) async throws in
      let inode = mount.fileSystem.add("stream", isStream: true)
      let reader = try Command(
        [
          "python3", "-c",
          """
          import os, select
          f = os.open('stream', os.O_RDONLY)
          p = select.poll()
          p.register(f, select.POLLIN)
          print(p.poll(0))
          os.open('ready', os.O_CREAT | os.O_WRONLY)
          print([e for _, e in p.poll(20000)])
          print(os.read(f, 5).decode())
          """,
        ], in: mount.path)
      try await mount.waitForCalls(of: "create")
      mount.fileSystem.append(Array("hello".utf8), to: inode)
      let result = try await mount.result(of: reader, within: 10)
      #expect(result.output.split(separator: "\n") == ["[]", "[1]", "hello"])
    }
  }

  @Test func whatGrewElsewhereIsSeenAndHasNoHoles() async throws {
    try await TestMount.with { (mount) async throws in
      let inode = mount.fileSystem.add("log", bytes: Array("one\n".utf8))
      #expect(try await mount.sh("cat log").output == "one\n")
      mount.fileSystem.append(Array("two\n".utf8), to: inode)
      // The notice is on its way: the timeout of the attributes is an hour, so only the notice can show it.
      let result = try await mount.sh("until [ $(stat -c %s log) = 8 ]; do :; done; cat log", within: 10)
      #expect(result.output == "one\ntwo\n")
    }
  }

  @Test func aNameThatVanishedElsewhereIsGoneAfterANotice() async throws {
    try await TestMount.with { (mount) async throws in
      mount.fileSystem.add("f")
      #expect(try await mount.sh("stat f > /dev/null").succeeded)
      let notifier = mount.fileSystem.state.withLock { state in
        state.remove("f", in: .root)
        return state.notifier
      }
      #expect(try await mount.sh("stat f > /dev/null").succeeded, "the kernel remembers the name for an hour")
      notifier?.expire("f", in: .root)
      #expect(try await mount.sh("while stat f > /dev/null 2>&1; do :; done", within: 10).succeeded)
    }
  }
}
