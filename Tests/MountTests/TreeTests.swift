import Testing

/// Every name of the tree, on a real mount: our own server and one that has the bare API.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct TreeTests {
  static let servers: [Bed.Server] = [.local, .bare(arguments: []), .bare(arguments: ["--replay", "--no-length"])]

  @Test(arguments: servers)
  func goalStatusEventsAndFiles(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let goal = "echo one; until test -e go; do sleep 0.05; done; echo two; echo done > out.txt"
      let result = try await bed.sh(
        """
        set -e
        mkdir '\(goal)'
        T=$(readlink last)
        cat "$T/id" "$T/goal"
        until grep -q one "$T/events.log"; do :; done
        cat "$T/status"
        echo x > "$T/files/go"
        cat "$T/wait"
        cat "$T/status" "$T/files/out.txt"
        grep -c two "$T/events.log"
        tail -n 1 "$T/events.log" | grep -c COMPLETED
        """)
      #expect(result.status == 0, "\(result.errors)")
      let lines = result.output.split(separator: "\n").map(String.init)
      #expect(lines == ["1", goal, "RUNNING", "COMPLETED", "COMPLETED", "done", "1", "1"])
    }
  }

  @Test(arguments: servers)
  func allNamesAreOneDirectory(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        set -e
        mkdir 'echo same'
        T=$(readlink last)
        test "$T" = 1-echo-same
        stat -c %i "$T" 1 'echo same' last/ | sort -u | wc -l
        mkdir -p 'echo same'; mkdir -p 'echo same'
        ls -d [0-9]* | wc -l
        cat 1/wait > /dev/null
        rmdir 'echo same'
        ls -d [0-9]* 2>/dev/null | wc -l
        """)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == "1\n1\n0\n")
    }
  }

  @Test(arguments: servers)
  func stopEndsATask(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'sleep 1000' && cd 'sleep 1000' || exit 1
        rmdir ../1 2> ../../busy; echo $?
        echo stop > ctl && cat wait && cd .. && rmdir 'sleep 1000'
        echo $?
        ls -d [0-9]* 2> /dev/null | wc -l
        """)
      #expect(result.output == "1\nSTOPPED\n0\n0\n", "\(result.errors)")
    }
  }

  @Test(arguments: servers)
  func verbsFailInsideWrite(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'echo x'; cat last/wait > /dev/null
        echo fly > last/ctl; echo $?
        sh -c 'echo fly > last/ctl'; echo $?
        printf 'refresh\\nstop\\n' > last/ctl; echo $?
        echo delete > last/ctl; echo $?
        ls -d [0-9]* 2> /dev/null | wc -l
        """)
      #expect(result.output == "1\n1\n0\n0\n0\n")
      #expect(result.errors.contains("Invalid argument"))
    }
  }

  @Test(arguments: servers)
  func theStreamBlocksAndEnds(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'echo first; until test -e go; do sleep 0.05; done; echo second'
        { while read -r line; do case "$line" in *first*) echo 1; break;; esac; done; touch last/files/go; cat; } < last/stream | tee $DIR/stream | head -n 1
        cat last/wait
        """)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == "1\nCOMPLETED\n", "\(result.output) \(result.errors)")
      let lines = try await bed.sh("jq -c . last/events | wc -l; cat last/stream | cmp - last/events && echo same")
      #expect(lines.output.hasSuffix("same\n"), "\(lines.output) \(lines.errors)")
    }
  }

  @Test(arguments: servers)
  func aBlockedReaderDiesAtOnce(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'sleep 1000'
        for f in wait stream; do
          cat last/$f > /dev/null & pid=$!
          until grep -q fuse /proc/$pid/wchan 2>/dev/null || test "$(cat /proc/$pid/stat | cut -d' ' -f3)" = S; do :; done
          timeout 1 tail -s 0.05 --pid=$pid -f /dev/null & waiter=$!
          kill -9 $pid
          wait $waiter && echo gone
        done
        echo stop > last/ctl; cat last/wait
        """)
      #expect(result.output == "gone\ngone\nSTOPPED\n", "\(result.errors)")
    }
  }

  @Test(arguments: servers)
  func tailFollowsTheLog(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'for i in 1 2 3; do echo line $i; sleep 0.3; done'
        timeout 10 tail -n +1 -s 0.1 -f last/events.log | while read -r line; do
          echo "$line"; case "$line" in *COMPLETED*) break;; esac
        done > $DIR/seen
        grep -c 'line [123]$' $DIR/seen
        tr -d '\\0' < $DIR/seen | cmp - $DIR/seen && cat last/wait > /dev/null && cmp $DIR/seen last/events.log && echo same
        """)
      #expect(result.output == "3\nsame\n", "\(result.output) \(result.errors)")
    }
  }

  @Test(arguments: servers)
  func wholeTreeTools(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        set -e
        echo 'mkdir -p d/e; echo needle > d/e/f.txt; printf abc > g; : > empty' > new
        cat last/wait > /dev/null
        ls -la . last/ > $DIR/ls
        find . -type f | sort > $DIR/find
        grep -rl needle . | sort
        tar cf $DIR/a.tar . && mkdir $DIR/x && tar xf $DIR/a.tar -C $DIR/x
        rsync -a ./ $DIR/r/
        cp -r . $DIR/c
        for copy in x r c; do cat $DIR/$copy/1-*/files/d/e/f.txt; cmp $DIR/$copy/1-*/events.log last/events.log; done
        cmp $DIR/x/1-*/goal last/goal
        stat -c %s last/files/g last/files/empty
        cat last/files.zip > $DIR/z.zip
        unzip -p $DIR/z.zip d/e/f.txt
        unzip -tq last/files.zip
        """)
      #expect(result.status == 0, "\(result.output) \(result.errors)")
      #expect(result.output.contains("needle\nneedle\nneedle\n3\n0\nneedle\n"), "\(result.output)")
      #expect(result.output.contains("files/d/e/f.txt"))
    }
  }

  @Test(arguments: servers)
  func filesAreReadAndWritten(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        set -e
        mkdir 'until test -e go; do sleep 0.05; done; cat note.txt'
        cd last/files
        echo first > note.txt; echo second >> note.txt; cat note.txt
        truncate -s 3 note.txt; cat note.txt; echo
        printf X | dd of=note.txt bs=1 seek=1 conv=notrunc status=none; cat note.txt; echo
        head -c 3000000 /dev/urandom > $DIR/big; cp $DIR/big big; cmp $DIR/big big
        python3 - <<'PY'
        import mmap
        with open("note.txt", "r+b") as f:
            m = mmap.mmap(f.fileno(), 3)
            m[0:1] = b"Y"
            m.flush()
        PY
        cat note.txt; echo
        touch go
        cat ../wait
        tail -n 2 ../events.log | head -n 1 | grep -o 'YXr'
        """)
      #expect(result.status == 0, "\(result.output) \(result.errors)")
      #expect(result.output == "first\nsecond\nfir\nfXr\nYXr\nCOMPLETED\nYXr\n")
    }
  }

  @Test(arguments: servers)
  func theMountTellsOfItself(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        set -e
        jq -r .connection.state .beray/status.json
        jq -r .email .beray/user.json | grep -c @
        stat -c '%a %u' . .beray new | sort -u | sed "s/ $(id -u)$/ mine/"
        grep -q mkdir README.md
        if grep -rq "$(cat $DIR/token)" .beray; then echo 'the token'; fi
        grep "$MNT" /proc/mounts | grep -c "$(cat $DIR/token)" || true
        """)
      #expect(result.status == 0, "\(result.output) \(result.errors)")
      #expect(result.output == "connected\n1\n600 mine\n700 mine\n0\n")
    }
  }

  /// What one program does is seen by the next, whoever else reads the directory meanwhile.
  @Test(arguments: servers.prefix(1))
  func otherReadersHideAndBringBackNothing(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        trap 'kill $(jobs -p)' EXIT
        for i in 1 2 3; do while :; do ls > /dev/null; ls -f 1/files > /dev/null 2>&1; done & done
        for i in $(seq 60); do mkdir "true $i"; ls | grep -q "true-$i$" || echo "$i is missing"; done
        cd 1/files
        for i in $(seq 300); do echo x > p; rm p; test ! -e p || echo "$i is back"; done
        """, timeout: 60)
      #expect(result.output == "")
    }
  }

  // MARK: - Removal

  @Test(arguments: servers.prefix(2))
  func rmOfATree(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'echo one > f'; cat last/wait; T=$(readlink last)
        python3 -c 'import shutil,sys; shutil.rmtree(sys.argv[1])' $T 2> /dev/null || echo refused
        rm -rf $T/* 2> /dev/null; ls $T/files
        rm -r $T && ls -d $T 2> /dev/null
        mkdir 'sleep 100'; T=$(readlink last)
        rm -rf $T 2>&1 | sed 's/[0-9]-sleep/N-sleep/'; rm -rf $MNT 2>&1 | sed "s|$MNT|MNT|"; cat $T/status
        echo stop > $T/ctl
        """)
      #expect(
        result.output == """
          COMPLETED
          refused
          f
          rm: cannot remove 'N-sleep-100': Device or resource busy
          rm: cannot remove 'MNT': Device or resource busy
          RUNNING

          """, "\(result.errors)")
    }
  }

  @Test(arguments: servers.prefix(2))
  func rmDeletesWhereTheMountIsTold(server: Bed.Server) async throws {
    try await withBed(server, mountArguments: ["--rm-deletes"]) { bed in
      let result = try await bed.sh(
        """
        mkdir 'echo one > f; mkdir -p d; cd d; echo two > g'; cat last/wait; T=$(readlink last)
        python3 -c 'import shutil,sys; shutil.rmtree(sys.argv[1])' $T && ls -d [0-9]* 2> /dev/null
        """)
      #expect(result.output == "COMPLETED\n", "\(result.errors)")
    }
  }
}
