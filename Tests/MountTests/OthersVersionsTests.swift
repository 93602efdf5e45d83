import Foundation
import Testing

/// An agent, or another mount, writes to the same files, within the time for which a listing is relied on.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct OthersVersionsTests {
  /// Makes a task, waits for its end and looks at its files, so that their listing is known; no event comes behind it,
  /// which would have them looked at again.
  private func task(_ bed: Bed, _ goal: String) async throws {
    let made = try await bed.sh(
      """
      mkdir '\(goal)' && cat last/wait > /dev/null
      until grep -q '"open_streams": *0' .beray/status.json; do :; done
      until tail -n 1 1/events.log | grep -qE 'COMPLETED|FAILED'; do sleep 0.05; done; ls 1/files > /dev/null
      """)
    try #require(made.status == 0, "\(made.errors)")
  }

  /// The work directory on the server's side.
  private static let work = "$DIR/" + relativeWork
  private static let relativeWork = "data/tasks/1/work"
  private static let replaced = "this upload replaced that version"

  @Test(arguments: [Bed.Server.local, .bare(arguments: [])])
  func anAppendFollowsWhatTheAgentWrote(_ server: Bed.Server) async throws {
    let isLocal = if case .local = server { true } else { false }
    let work = isLocal ? Self.work : "$DIR/bare/1"
    try await withBed(server) { bed in
      try await task(bed, "echo 1 > old")
      let result = try await bed.sh(
        """
        ls 1/files; echo theirs > \(work)/log; echo mine >> 1/files/log; cat \(work)/log 1/files/log
        cat 1/files/old; echo 2 >> \(work)/old; sleep 1.1; echo 3 >> 1/files/old; cat \(work)/old 1/files/old
        echo theirs > \(work)/touched; touch 1/files/touched
        while grep -q touched .beray/status.json; do sleep 0.05; done; cat 1/files/touched \(work)/touched
        cat .beray/errors
        """)
      #expect(
        result.output == "old\ntheirs\nmine\ntheirs\nmine\n1\n1\n2\n3\n1\n2\n3\ntheirs\ntheirs\n", "\(result.errors)")
    }
  }

  @Test func aVersionThatIsReplacedIsTold() async throws {
    try await withBed(.local) { bed in
      try await task(bed, "echo 1 > old")
      let result = try await bed.sh(
        """
        echo theirs > \(Self.work)/new; echo mine > 1/files/new; cat \(Self.work)/new
        cat 1/files/old; echo theirs > \(Self.work)/old; echo mine > 1/files/old
        cut -f 6 .beray/errors
        """)
      #expect(result.output.split(separator: "\n").filter { $0.hasSuffix(Self.replaced) }.count == 2, "\(result)")
      #expect(result.output.hasPrefix("mine\n1\n"))
    }
  }

  @Test func aRenameOfAnOpenFileBringsNoVersionOfOthers() async throws {
    try await withBed(.local) { bed in
      try await task(bed, "echo old > b")
      let result = try await bed.sh(
        """
        cat 1/files/b; exec 7> 1/files/a; echo one >&7; sync -d 1/files/a; mv 1/files/a 1/files/b
        echo two >&7; exec 7>&-; cat \(Self.work)/b; cat .beray/errors
        """)
      #expect(result.output == "old\none\ntwo\n", "\(result)")
    }
  }

  @Test func betweenTwoMountsThatRelyOnTheirListings() async throws {
    try await withBed(.local) { bed in
      try await task(bed, "echo old > f")
      let result = try await bed.sh(
        """
        \(Bed.program) mount $DIR/second --url \(bed.url) --token-file $DIR/token 2>&1 > /dev/null || exit 1
        cat 1/files/f $DIR/second/1/files/f
        echo theirs > $DIR/second/1/files/f; echo mine > 1/files/f; echo more >> $DIR/second/1/files/f
        cat $DIR/second/1/files/f \(Self.work)/f; cut -f 6 .beray/errors; cat $DIR/second/.beray/errors
        cd /; \(Bed.program) unmount $DIR/second
        """)
      #expect(
        result.output == """
          old
          old
          mine
          more
          mine
          more
          the file was changed on the server while it was written here; \(Self.replaced)

          """, "\(result.errors) \(bed.mountLog)")
    }
  }

  @Test func aLostAnswerIsNoConflict() async throws {
    try await withBed(.local, isProxied: true) { bed in
      try await task(bed, "true")
      try await bed.fault("method=PUT&path=files/content&drop=1")
      let result = try await bed.sh(
        "echo mine > 1/files/f; echo $?; echo more >> 1/files/f; cat \(Self.work)/f; cat .beray/errors")
      #expect(result.output == "0\nmine\nmore\n", "\(result.errors)")
      // Also where the client gives up and the mount tries again later.
      try await bed.fault("method=PUT&path=files/content&drop=1&count=100")
      let failed = try await bed.sh("echo again | dd of=1/files/g status=none; cat \(Self.work)/g")
      #expect(failed.output == "again\n")
      #expect(failed.errors.contains("Input/output error"), "\(failed.errors)")
      try await bed.endFaults()
      let well = try await bed.sh(
        "while grep -q files/g .beray/status.json; do sleep 0.1; done; cut -f 4 .beray/errors | sort -u")
      #expect(well.output == "EIO\n", "\(well.errors)")
    }
  }

  @Test func theUnmountReplacesNothingOfTheAgent() async throws {
    let bed = try await Bed.start(.local, isProxied: true)
    try await task(bed, "echo old > f")
    try await bed.fault("method=PUT&path=files/content&status=507&count=100")
    let result = try await bed.sh(
      "cat 1/files/f; echo mine | dd of=1/files/f status=none; echo theirs > \(Self.work)/f")
    #expect(result.errors.contains("No space"), "\(result.errors)")
    try await bed.endFaults()
    let ended = try await bed.beray("unmount", bed.mountpoint)
    let after = try await Bed.run(
      [
        "/bin/bash", "-c", "cd \(bed.directory) && cat \(Self.relativeWork)/f; find state -name \"*-f\" -exec cat {} +",
      ],
      environment: Bed.environment(in: bed.directory), timeout: 5)
    #expect(after.output == "theirs\nmine\n", "\(after.errors) \(ended.errors)")
    await bed.abandon()
  }

  @Test func ourOwnTimesAreNoConflict() async throws {
    try await withBed(.local) { bed in
      try await task(bed, "true")
      let result = try await bed.sh(
        """
        python3 - <<'PY'
        import os
        f = os.open("1/files/f", os.O_RDWR | os.O_CREAT)
        os.write(f, b"one\\n"); os.fsync(f); os.utime(f, (1000, 1000))
        open("1/ctl", "w").write("refresh\\n"); os.listdir("1/files")
        os.write(f, b"two\\n"); os.close(f)
        PY
        cat \(Self.work)/f 1/files/f .beray/errors
        """)
      #expect(result.output == "one\ntwo\none\ntwo\n", "\(result.errors)")
    }
  }

  @Test func aMappingShowsWhatTheAgentWrites() async throws {
    try await withBed(.local) { bed in
      let result = try await bed.sh(
        """
        mkdir 'echo before > f; sleep 1000'; until cat 1/files/f 2> /dev/null; do sleep 0.1; done
        python3 - <<'PY'
        import mmap, os, time
        file = os.open("1/files/f", os.O_RDONLY)
        view = mmap.mmap(file, 6, prot=mmap.PROT_READ)
        os.close(file)
        assert view[:] == b"before", view[:]
        with open(os.environ["DIR"] + "/\(Self.relativeWork)/f", "w") as f: f.write("after.\\n")
        start = time.monotonic()
        while view[:] != b"after.":
            assert time.monotonic() - start < 5, view[:]
            time.sleep(0.01)
        PY
        echo $?; echo stop > 1/ctl
        """)
      #expect(result.output == "before\n0\n", "\(result.errors)")
    }
  }
}
