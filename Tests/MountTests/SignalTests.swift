import Foundation
import Testing

/// Signals that do not ask a program to end make no call on a file fail; those that do, end its wait.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct SignalTests {
  @Test(arguments: [Bed.Server.local, .bare(arguments: [])])
  func aTimerMakesNoCallFail(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir true; cat last/wait > /dev/null; cd 1/files
        python3 - <<'PY'
        import os, signal
        ticks = 0
        def tick(*_):
            global ticks
            ticks += 1
        signal.signal(signal.SIGALRM, tick)
        signal.siginterrupt(signal.SIGALRM, False)
        signal.setitimer(signal.ITIMER_REAL, 0.0007, 0.0007)
        for i in range(150):
            os.mkdir(f"d{i}")
            f = os.open(f"d{i}/f.tmp", os.O_CREAT | os.O_WRONLY, 0o600)
            os.write(f, b"x")
            os.fsync(f)
            os.close(f)
            os.rename(f"d{i}/f.tmp", f"d{i}/f")
            os.chmod(f"d{i}/f", 0o644)
            os.stat(f"d{i}/f")
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert ticks > 50, ticks
        assert sum(len(os.listdir(f"d{i}")) for i in range(150)) == 150
        print("done")
        PY
        """, timeout: 60)
      #expect(result.output == "done\n", "\(result.errors)")
    }
  }

  /// As reads of a pipe do.
  @Test func aReadThatBlocksEndsWithAnySignal() async throws {
    try await withBed(.local) { bed in
      let result = try await bed.sh(
        """
        mkdir 'sleep 1000'
        python3 - <<'PY'
        import signal
        class Alarm(Exception): pass
        def alarm(*_): raise Alarm
        signal.signal(signal.SIGALRM, alarm)
        signal.alarm(1)
        try: open("1/wait").read()
        except Alarm: print("alarm")
        PY
        echo stop > 1/ctl
        """, timeout: 10)
      #expect(result.output == "alarm\n", "\(result.errors)")
    }
  }
}
