import Foundation
import Testing

/// What an agent writes while its task runs is seen within a second or so, also by who has the file open or mapped, with
/// no size that is not true and no byte that nobody wrote.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FreshnessTests {
  /// Those with the bare API list names alone, or sizes and times, or send not even a length.
  static let servers: [Bed.Server] = [
    .local, .bare(arguments: []), .bare(arguments: ["--details"]), .bare(arguments: ["--no-length"]),
  ]

  @Test(arguments: servers) func tailFollowsAFileThatTheAgentWrites(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'for i in $(seq 20); do echo line $i >> log; sleep 0.2; done; echo the end >> log; sleep 1000'
        until test -e 1/files/log; do sleep 0.1; done
        timeout 25 tail -n +1 -s 0.1 -f 1/files/log > $DIR/seen & tail=$!
        until grep -q 'the end' $DIR/seen; do sleep 0.1; kill -0 $tail || break; done; kill $tail
        cmp $DIR/seen $DIR/\(server.work)/log && echo same; echo stop > 1/ctl
        """, timeout: 40)
      #expect(result.output == "same\n", "\(result.errors)")
    }
  }

  /// Each state is a number many times over, so that a part of another, or a NUL byte, is seen at once.
  @Test(arguments: servers) func whoHasItOpenSeesEachStateWholeAndSoon(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        cat > new <<'GOAL'
        i=100; while sleep 0.7; do i=$((i+1)); yes $i | head -n $((i*37 % 4000 + 1)) > .new; mv .new state; done
        GOAL
        until test -s 1/files/state; do sleep 0.1; done
        python3 - <<'PY'
        import mmap, os, time
        there = os.environ["DIR"] + "/\(server.work)/state"
        def number(text):
            lines = text.split(b"\\n")
            assert lines[-1] == b"" and len(set(lines[:-1])) == 1, (len(text), sorted(set(lines))[:3])
            n = int(lines[0])
            assert len(lines) - 1 == n * 37 % 4000 + 1, (n, len(lines))
            return n
        handle = os.open("1/files/state", os.O_RDONLY)
        behind, late, end = None, 0, time.monotonic() + 8
        last = 0
        while time.monotonic() < end:
            with open(there, "rb") as file: real = number(file.read())
            size = os.fstat(handle).st_size
            # What is read may be newer than the size that was told; it is never longer or shorter than what it is.
            seen = number(os.pread(handle, 1 << 20, 0))
            assert seen >= last, (seen, last)
            last = seen
            size = os.fstat(handle).st_size
            if size:
                with mmap.mmap(handle, 0, prot=mmap.PROT_READ) as view: assert b"\\0" not in view[:size]
            if seen < real:
                behind = behind or (real, time.monotonic())
            if behind and seen >= behind[0]:
                late, behind = max(late, time.monotonic() - behind[1]), None
            time.sleep(0.02)
        assert last > 105, last
        assert late < 2.5, late
        print(f"{late:.2f} s late at most", file=__import__("sys").stderr)
        PY
        echo $?; echo stop > 1/ctl
        """, timeout: 40)
      #expect(result.output == "0\n", "\(result.errors)")
    }
  }

  /// As scripts wait for a result.
  @Test(arguments: servers) func whoLooksAgainAndAgainSeesIt(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir ': > out; sleep 5; echo done > out; sleep 1000'
        until test -e 1/files/out; do sleep 0.1; done; test -s 1/files/out || echo empty
        until test -s 1/files/out; do sleep 0.1; done; cat 1/files/out; echo stop > 1/ctl
        """, timeout: 40)
      #expect(result.output == "empty\ndone\n", "\(result.errors)")
    }
  }

  /// What a program wrote and did not close yet is not lost to a version of the agent.
  @Test(arguments: [Bed.Server.local, .bare(arguments: []), .bare(arguments: ["--details"])])
  func whatIsOpenOutlivesTheAgentsVersion(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'echo old > f; until test -e go; do sleep 0.1; done; echo "of the agent" > f; touch went; sleep 1000'
        until test -s 1/files/f; do sleep 0.1; done
        python3 - <<'PY'
        import os, time
        there = os.environ["DIR"] + "/\(server.work)/"
        file = os.open("1/files/f", os.O_RDWR)
        os.write(file, b"mine")
        open("1/files/go", "w").close()
        while not os.path.exists(there + "went"): time.sleep(0.05)
        end = time.monotonic() + 1.5
        while time.monotonic() < end: assert os.pread(file, 4, 0) == b"mine"
        os.close(file)
        print(open(there + "f").read(4), open("1/files/f").read(4))
        PY
        cut -f 4,6 .beray/errors | grep -c 'replaced that version'; echo stop > 1/ctl
        """, timeout: 20)
      // Where the listing tells names alone, the version that was replaced is not seen.
      #expect(result.output == (server.tellsVersions ? "mine mine\n1\n" : "mine mine\n0\n"), "\(result.errors)")
    }
  }
}
