import Foundation
import Testing

/// Lines of the README's table of compatibility that no other test has.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct CompatibilityTests {
  private static func work(_ server: Bed.Server) -> String {
    if case .local = server { "$DIR/data/tasks/1/work" } else { "$DIR/bare/1" }
  }

  @Test(arguments: [Bed.Server.local, .bare(arguments: [])])
  func locksHoldBetweenProcesses(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'echo 1 > f'; cat last/wait; cd 1/files
        python3 - <<'PY'
        import errno, fcntl, os, subprocess, sys
        for lock in (fcntl.flock, fcntl.lockf):
            file = open("f", "r+")
            lock(file, fcntl.LOCK_EX)
            code = f"import fcntl; fcntl.{lock.__name__}(open('f', 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
            def other():
                return subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
            refused = other()
            assert refused.returncode != 0 and "BlockingIOError" in refused.stderr, refused
            lock(file, fcntl.LOCK_UN)
            assert other().returncode == 0
            file.close()
        PY
        echo $?
        """)
      #expect(result.output == "COMPLETED\n0\n", "\(result.errors)")
    }
  }

  @Test func installReplacesOnAFullServerAlone() async throws {
    for (server, isFull) in [(Bed.Server.local, true), (.bare(arguments: []), false)] {
      try await withBed(server) { bed in
        let result = try await bed.sh(
          """
          mkdir 'echo old > f'; cat last/wait > /dev/null; echo new > $DIR/new; install -m 644 $DIR/new 1/files/f; echo $?
          cat \(Self.work(server))/f; cut -f 2,4 .beray/errors
          """)
        #expect(result.output == (isFull ? "0\nnew\n" : "1\nold\nunlink\tEPERM\n"), "\(result.errors)")
        #expect(result.errors.contains("Operation not permitted") == !isFull)
      }
    }
  }

  /// A server that cannot remove gets it when the mount ends.
  @Test(arguments: [Bed.Server.local, .bare(arguments: [])])
  func vimReplacesItsUndoFile(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let vim = "vim -u NONE -es -c 'set undofile'"
      let result = try await bed.sh(
        """
        mkdir 'echo one > f'; cat last/wait > /dev/null; cd 1/files
        \(vim) -c 's/one/two/' -c wq f; \(vim) -c 's/two/three/' -c wq f; cat \(Self.work(server))/f
        \(vim) -c 'undo' -c wq f; cat \(Self.work(server))/f; cat $MNT/.beray/errors
        """)
      #expect(result.output == "three\ntwo\n", "\(result.errors)")
      try await bed.endMount()
      let left = try await bed.sh("ls -A \(Self.work(server))")
      #expect(left.output == ".f.un~\nf\n")
    }
  }

  /// The backup is a file that stays, and goes up; the next save has to replace it.
  @Test(arguments: [Bed.Server.local, .bare(arguments: [])])
  func vimReplacesItsBackup(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let vim = "vim -u NONE -es -c 'set backup'"
      let result = try await bed.sh(
        """
        mkdir 'echo one > f'; cat last/wait > /dev/null; cd 1/files
        \(vim) -c 's/one/two/' -c wq f; echo $?; until test -e \(Self.work(server))/f~; do sleep 0.1; done
        \(vim) -c 's/two/three/' -c wq f; echo $?; cat f f~ \(Self.work(server))/f
        """)
      #expect(result.output == "0\n0\nthree\ntwo\nthree\n", "\(result.errors)")
      if server.isBare {
        #expect(bed.requests.filter { $0.hasPrefix("PUT") && $0.contains("path=f ") }.count == 2, "\(bed.requests)")
      }
    }
  }
}
