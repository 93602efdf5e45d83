import Foundation
import Testing

/// Names that tools make on the way to a save, on a server that could not take them away again.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct HeldBackNamesTests {
  /// Real files, all but the last with a name as tools give them on the way to a save.
  private static let names = ["sedan.txt", ".env.sample", "#x#", "a.part", "yarn.lock"]
  private static let heldBack = names.dropLast()

  /// Makes a task whose files are listed, with no event behind that, which would have them looked at again.
  private func task(_ bed: Bed, _ goal: String = "true") async throws {
    let made = try await bed.sh(
      """
      mkdir '\(goal)' && cat last/wait > /dev/null
      until grep -q '"open_streams": *0' .beray/status.json; do sleep 0.01; done; ls 1/files > /dev/null
      """)
    try #require(made.status == 0, "\(made.errors)")
  }

  /// The names that the bare server was given so far, in order.
  private func uploads(_ bed: Bed) -> [String] {
    bed.requests.filter { $0.hasPrefix("PUT") }.map { request in
      let path = request.split(separator: " ")[1].split(separator: "path=").last.map(String.init) ?? ""
      return path.removingPercentEncoding ?? path
    }
  }

  private static let writeAll =
    "cd 1/files; for name in \(names.map { "'\($0)'" }.joined(separator: " ")); do echo \"$name\" > \"$name\"; done"
  private static let sorted = names.sorted().joined(separator: "\n") + "\n"

  @Test func aRealFileWithSuchANameGoesUpInTheEnd() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed)
      let result = try await bed.sh("\(Self.writeAll); ls -A; ls -A $DIR/bare/1")
      #expect(result.output == Self.sorted + "yarn.lock\n", "\(result.errors)")
      let later = try await bed.sh(
        """
        cd 1/files; until test $(ls -A $DIR/bare/1 | wc -l) = \(Self.names.count); do sleep 0.1; done
        ls -A; cd $DIR/bare/1; ls -A; for name in * .env*; do test "$(cat "$name")" = "$name" || echo "not $name"; done
        """, timeout: 13)
      #expect(later.output == Self.sorted + Self.sorted, "\(later.errors)")
      try await bed.endMount()
      #expect(uploads(bed).sorted() == Self.names.sorted())
    }
  }

  @Test func theEndOfTheMountTakesThemAlong() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed)
      try await bed.sh(Self.writeAll)
      #expect(uploads(bed) == ["yarn.lock"])
      try await bed.endMount()
      let after = try await bed.sh(
        "cd $DIR/bare/1; ls -A; cat \(Self.heldBack.map { "'\($0)'" }.joined(separator: " "))")
      #expect(after.output == Self.sorted + Self.heldBack.joined(separator: "\n") + "\n")
      #expect(uploads(bed).sorted() == Self.names.sorted())
    }
  }

  @Test func aRenameToARealNameIsItsUpload() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed)
      let result = try await bed.sh("cd 1/files; echo x > f.tmp; mv f.tmp f; ls -A . $DIR/bare/1; cat f $DIR/bare/1/f")
      #expect(result.output == ".:\nf\n\n\(bed.directory)/bare/1:\nf\nx\nx\n", "\(result.errors)")
      try await bed.endMount()
      #expect(uploads(bed) == ["f"])
    }
  }

  @Test func aRealFileThatIsMovedAwayAndBackIsNoUpload() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed, "echo x > f")
      let result = try await bed.sh(
        """
        cd 1/files; cat f; mv f f~; ls -A; cat f~ $DIR/bare/1/f; mv f~ f; ls -A . $DIR/bare/1; cat f $DIR/bare/1/f
        cat $MNT/.beray/errors
        """)
      #expect(result.output == "x\nf~\nx\nx\n.:\nf\n\n\(bed.directory)/bare/1:\nf\nx\nx\n", "\(result.errors)")
      try await bed.endMount()
      #expect(uploads(bed) == [])
      let after = try await bed.sh("cat $DIR/bare/1/*")
      #expect(after.output == "x\n")
    }
  }

  @Test func aRenameBetweenTwoSuchNamesAsksNothing() async throws {
    try await withBed(.bare(arguments: []), mountArguments: ["--freshness", "60"]) { bed in
      try await task(bed)
      // The task itself is asked for as it gets older.
      var asked: [String] { bed.requests.filter { $0.contains("/files/") } }
      let before = asked
      let result = try await bed.sh(
        """
        cd 1/files; echo x > a.tmp; python3 -c 'import os; os.rename("a.tmp", "b.tmp")'; ls -A; cat b.tmp; cat a.tmp
        """)
      #expect(result.output == "b.tmp\nx\n")
      #expect(result.errors.contains("No such file"), "\(result.errors)")
      #expect(asked == before)
      // mv(1) must not replace anything at first, so it is asked what is there.
      let moved = try await bed.sh("cd 1/files; mv b.tmp c.tmp; ls -A; ls -A $DIR/bare/1")
      #expect(moved.output == "c.tmp\n", "\(moved.errors)")
      #expect(asked.dropFirst(before.count).allSatisfy { $0.contains("/files/tree") }, "\(asked)")
      // It is a file that stays: it has its last name on the server.
      let later = try await bed.sh(
        "until test -s $DIR/bare/1/c.tmp; do sleep 0.1; done; ls -A $DIR/bare/1", timeout: 13)
      #expect(later.output == "c.tmp\n")
      #expect(uploads(bed) == ["c.tmp"])
    }
  }

  /// As vim saves, which ends after each of its steps.
  @Test func anEditorThatDiesLosesNothing() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed, "for n in moved made half; do echo old > $n; done")
      let result = try await bed.sh(
        #"""
        cd 1/files; cat moved made half
        for last in moved made half; do
          python3 - $last <<'PY'
        import os, sys
        name = sys.argv[1]
        os.rename(name, name + "~")
        if name == "moved": os._exit(1)
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        if name == "made": os._exit(1)
        os.write(file, b"half of the new te")
        os._exit(1)
        PY
        done
        ls -A; cat moved~ made~ half~; cat half made; echo; ls -A $DIR/bare/1; cat $DIR/bare/1/half $DIR/bare/1/moved
        """#)
      #expect(
        result.output == """
          old
          old
          old
          half
          half~
          made
          made~
          moved~
          old
          old
          old
          half of the new te
          half
          made
          moved
          half of the new teold

          """, "\(result.errors)")
      // The name that was not made anew is back. What was emptied is empty, as on a disk, and the backup has the rest.
      let later = try await bed.sh(
        """
        cd 1/files; until test -e moved && test ! -s $DIR/bare/1/made; do sleep 0.1; done; cat moved
        cd $DIR/bare/1; until test -e moved~ -a -e made~ -a -e half~; do sleep 0.1; done
        cat moved made half; echo; cat moved~ made~ half~
        cd $MNT/1/files; cat moved made half; echo; cat moved~ made~ half~
        """, timeout: 14)
      let content = "old\nhalf of the new te\nold\nold\nold\n"
      #expect(later.output == "old\n" + content + content, "\(later.errors)")
      try await bed.endMount()
      #expect(uploads(bed).sorted() == ["half", "half~", "made", "made~", "moved~"])
    }
  }

  @Test func furtherPatternsAreHeldBackToo() async throws {
    try await withBed(.bare(arguments: []), mountArguments: ["--scratch", "*___x___", "--scratch", "~$*"]) { bed in
      try await task(bed, "echo old > f")
      let result = try await bed.sh(
        """
        cd 1/files; echo new > f___x___; echo lock > '~$f'; ls -A . $DIR/bare/1; mv f___x___ f; rm '~$f'
        ls -A . $DIR/bare/1; cat f $DIR/bare/1/f
        """)
      let work = bed.directory + "/bare/1"
      #expect(
        result.output == ".:\nf\nf___x___\n~$f\n\n\(work):\nf\n.:\nf\n\n\(work):\nf\nnew\nnew\n", "\(result.errors)")
      try await bed.endMount()
      #expect(uploads(bed) == ["f"])
    }
  }

  /// Names as editors and systems give them to what they keep for themselves.
  @Test(arguments: [Bed.Server.local, .bare(arguments: [])])
  func noNameIsDroppedAtTheEnd(_ server: Bed.Server) async throws {
    let work = server.isBare ? "bare/1" : "data/tasks/1/work"
    try await withBed(server) { bed in
      try await task(bed)
      try await bed.sh(
        """
        cd 1/files; echo x > 4913; echo a > .nfsrc; echo b > ._notes; echo c > .img.swf; echo d > .f.swp; echo e > .#f
        mkdir $DIR/from; cd $DIR/from; for name in .DS_Store .g.swo .~lock.a.odt#; do echo "$name" > "$name"; done
        tar c . | tar x -C $MNT/1/files; echo r > ._rsync; rsync -a ._rsync $MNT/1/files/
        """)
      try await bed.endMount()
      let after = try await bed.sh(
        "cd $DIR/\(work); ls -A | sort; cat 4913 .nfsrc ._notes .img.swf .f.swp .#f .DS_Store .g.swo .~lock.a.odt# ._rsync"
      )
      let names = [
        "4913", ".nfsrc", "._notes", ".img.swf", ".f.swp", ".#f", ".DS_Store", ".g.swo", ".~lock.a.odt#", "._rsync",
      ]
      #expect(
        after.output == names.sorted().joined(separator: "\n")
          + "\nx\na\nb\nc\nd\ne\n.DS_Store\n.g.swo\n.~lock.a.odt#\nr\n",
        "\(after.errors)")
      #expect(!bed.mountLog.contains("not uploaded"))
    }
  }

  @Test func aSaveByANameThatNoListKnows() async throws {
    try await withBed(.bare(arguments: ["--details"])) { bed in
      try await task(bed, "echo old > x")
      for text in ["one", "two"] {
        let saved = try await bed.sh(
          "cd 1/files; echo \(text) > x.new && mv x.new x && cat x && ls -A; jq -c .left_behind $MNT/.beray/status.json"
        )
        #expect(saved.output == "\(text)\nx\n[\"1-echo-old-x/files/x.new\"]\n", "\(saved.errors)")
      }
      let later = try await bed.sh("sleep 1.1; cd 1/files; ls -A; cat x; cat $DIR/bare/1/x")
      #expect(later.output == "x\ntwo\ntwo\n")
      // The second save knows the name as a step.
      #expect(uploads(bed) == ["x.new", "x", "x"])
    }
  }
}
