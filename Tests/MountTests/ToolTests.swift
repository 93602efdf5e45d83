import Foundation
import Testing

/// What else people do in files/.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ToolTests {
  private func task(_ bed: Bed, _ goal: String = "true") async throws {
    let ready = try await bed.sh("mkdir '\(goal)'; cat last/wait")
    #expect(ready.output == "COMPLETED\n", "\(ready.errors)")
  }

  @Test func vimKeepsItsBackupAndItsUndoFile() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed, "echo old > f")
      let saved = try await bed.sh(
        """
        cd 1/files
        vim -u NONE -es -c 'set backup undofile' -c '%s/old/new/' -c wq f
        cat f f~; test -s .f.un~ && ls -A $DIR/bare/1; cat $DIR/bare/1/f
        """)
      #expect(saved.output == "new\nold\nf\nnew\n", "\(saved.errors)")
      #expect(bed.requests.filter { $0.hasPrefix("PUT") }.count == 1)
      // Both are meant to stay: the end of the mount takes them along.
      try await bed.endMount()
      let files = try await Bed.run(
        ["/bin/ls", "-A", bed.directory + "/bare/1"], environment: Bed.environment(in: bed.directory), timeout: 5)
      #expect(files.output == ".f.un~\nf\nf~\n")
    }
  }

  @Test func vimThatIsKilledLosesNothing() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed, "echo old > f")
      let result = try await bed.sh(
        """
        cd 1/files && cat f > /dev/null
        mv f f~; ls f 2>&1; cat f~ $DIR/bare/1/f
        until test -e f; do sleep 0.1; done; cat f; grep -c "created again" $MNT/.beray/errors
        """)
      #expect(
        result.output == "ls: cannot access 'f': No such file or directory\nold\nold\nold\n1\n", "\(result.errors)")
    }
  }

  @Test func whatABareServerCannotDoSaysSo() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed, "echo old > f")
      let result = try await bed.sh(
        """
        cd 1/files
        rm f; echo $?; mv f g; echo $?; ln -s f l; echo $?; ln f l; echo $?; cat f; ls -A; ls -A $DIR/bare/1
        cut -f 2-4 $MNT/.beray/errors
        """)
      #expect(
        result.output == """
          1
          1
          1
          1
          old
          f
          f
          unlink\t1-echo-old-f/files/f\tEPERM
          rename\t1-echo-old-f/files/f\tEPERM
          symlink\t1-echo-old-f/files/l\tEPERM
          link\t1-echo-old-f/files/l\tEPERM

          """, "\(result.errors)")
    }
  }

  @Test func aKilledWriterLosesNothingThatItWrote() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        cd 1/files
        for signal in INT KILL; do
          python3 - $signal > $DIR/ready 2> /dev/null <<'PY' & pid=$!
        import os, signal, sys, time
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.write(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY), b"kept\\n")
        print(flush=True)
        time.sleep(100)
        PY
          until test -s $DIR/ready; do sleep 0.01; done; kill -$signal $pid; wait $pid; : > $DIR/ready
          until test -s $DIR/bare/1/$signal; do sleep 0.01; done; cat $signal $DIR/bare/1/$signal
        done
        """)
      #expect(result.output == "kept\nkept\nkept\nkept\n", "\(result.errors)")
      #expect(bed.requests.filter { $0.hasPrefix("PUT") }.count == 2)
    }
  }

  @Test func touchReachesTheServer() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed, "echo old > f")
      let result = try await bed.sh(
        """
        cd 1/files; touch new f; touch -d @1000 f; chmod 700 f; stat -c '%Y %a' f
        until test -e $DIR/bare/1/new; do sleep 0.01; done; stat -c %s new $DIR/bare/1/new; cat f
        """)
      #expect(result.output == "1000 700\n0\n0\nold\n", "\(result.errors)")
      #expect(bed.requests.filter { $0.hasPrefix("PUT") }.count == 1, "times and modes are no uploads")
    }
  }

  @Test func otherToolsWorkOnAFullServer() async throws {
    try await withBed(.local) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        set -e
        cd 1/files; work=$DIR/data/tasks/1/work
        printf 'all: hello\\nhello: a.o b.o\\n\\tcat a.o b.o > $@; chmod +x $@\\n%%.o: %%.c\\n\\tcp $< $@\\n' > Makefile
        echo 'echo hel' > a.c; echo 'echo lo' > b.c
        make -s && ./hello && make -q && echo up to date
        sqlite3 db 'create table t(x); insert into t values(1),(2);' && sqlite3 $work/db 'select sum(x) from t'
        sqlite3 db 'begin; insert into t values(10); rollback; insert into t values(4); select sum(x) from t; pragma integrity_check'
        mkdir $DIR/s; for i in 1 2 3; do echo $i > $DIR/s/$i; done; touch -d '2001-02-03 04:05:06.789' $DIR/s/1; chmod 755 $DIR/s/2
        rsync -a $DIR/s/ s/; rsync -ai $DIR/s/ s/; stat -c '%a %Y' s/1 s/2 $work/s/1 $work/s/2 | sed 's/^\\(755\\).*/\\1/'
        install -m 755 $DIR/s/3 bin; install -m 755 $DIR/s/1 bin; cat bin; stat -c %a bin $work/bin
        ls -A $work | tr '\\n' ' '
        """, timeout: 60)
      #expect(result.status == 0, "\(result.errors)")
      #expect(
        result.output == """
          hel
          lo
          up to date
          3
          7
          ok
          644 981173106
          755
          644 981173106
          755
          1
          755
          755
          Makefile a.c a.o b.c b.o bin db hello s\u{20}
          """, "\(result.output) \(result.errors)")
    }
  }

  @Test func betweenTwoMountsTheLastCloseWins() async throws {
    try await withBed(.local, mountArguments: ["--freshness", "0"]) { bed in
      try await task(bed, "echo old > f")
      let result = try await bed.sh(
        """
        cat 1/files/f
        \(Bed.program) mount $DIR/second --freshness 0 --url \(bed.url) --token-file $DIR/token 2>&1 > /dev/null || exit 1
        echo theirs > $DIR/second/1/files/f; cat 1/files/f
        exec 3<> 1/files/f; echo "mine is longer" >&3
        cat $DIR/second/1/files/f; exec 3>&-
        cat $DIR/second/1/files/f 1/files/f; cat .beray/errors
        exec 3> 1/files/f; python3 -c 'import os; os.write(3, b"mine again\\n"); os._exit(0)'
        echo theirs again > $DIR/second/1/files/f
        exec 3>&-; cat $DIR/second/1/files/f; cut -f 2-4,6 .beray/errors
        cd /; \(Bed.program) unmount $DIR/second
        """)
      #expect(
        result.output == """
          old
          theirs
          mine is longer
          mine is longer
          mine is longer
          mine again
          upload\t1-echo-old-f/files/f\tEBUSY\tthe file was changed on the server while it was written here; \
          this upload replaced that version

          """, "\(result.errors) \(bed.mountLog)")
    }
  }

  @Test(arguments: [Bed.Server.local, .bare(arguments: [])])
  func whatIsOpenGoesOn(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        cd 1/files
        python3 - <<'PY'
        import mmap, os
        def text(name):
            with open(name, "rb") as file: return file.read()
        # Made here and renamed while it is open: what is written later goes to the new name.
        f = open("a.tmp", "w+b", buffering=0); f.write(b"one"); os.rename("a.tmp", "a"); f.write(b"two"); f.close()
        print(text("a"), sorted(os.listdir(".")))
        # Removed while it is open.
        f = open("b.tmp", "w+b", buffering=0); f.write(b"gone"); os.unlink("b.tmp"); f.seek(0); print(f.read()); f.close()
        # A store through a mapping after the close.
        f = open("m", "w+b", buffering=0); f.write(b"0123456789"); m = mmap.mmap(f.fileno(), 10); f.close()
        m[0:3] = b"abc"; m.close(); print(text("m"))
        # Two handles that append, and a reader between them.
        x, y = open("l", "ab", buffering=0), open("l", "ab", buffering=0)
        x.write(b"1"); y.write(b"2"); x.write(b"3"); print(text("l")); x.close(); y.close(); print(text("l"))
        # Sparse, longest and strange names.
        f = open("s", "wb"); f.seek(20 << 20); f.write(b"end"); f.close(); print(os.stat("s").st_size)
        for name in ["n" * 255, "日本語", "e\\u0301", "\\u00e9", "sp ace\\n\\"'$"]:
            open(name, "w").write(name); assert open(name).read() == name
        # Longer and shorter, by handle and by path.
        f = open("t", "w+b", buffering=0); f.write(b"12345"); f.truncate(3); f.truncate(6); f.close(); print(text("t"))
        os.truncate("t", 1); print(text("t"))
        try: os.rename("t", "l"); print("renamed")
        except PermissionError: print("renamed")
        PY
        until tail -c 7 $DIR/\(server.work)/m | grep -q 3456789; do sleep 0.01; done; cat $DIR/\(server.work)/m; echo
        stat -c %s $DIR/\(server.work)/s; ls -A $DIR/\(server.work) | wc -l
        """)
      #expect(
        result.output == """
          b'onetwo' ['a']
          b'gone'
          b'abc3456789'
          b'123'
          b'123'
          20971523
          b'123\\x00\\x00\\x00'
          b'1'
          renamed
          abc3456789
          20971523
          \(server.isBare ? 11 : 10)

          """, "\(result.errors)")
    }
  }
}

extension Bed.Server {
  /// Where the server has the files of the first task.
  var work: String { isBare ? "bare/1" : "data/tasks/1/work" }
  var isBare: Bool { if case .bare = self { true } else { false } }
  /// Whether its listings tell that a file has changed.
  var tellsVersions: Bool { if case .bare(let arguments) = self { arguments.contains("--details") } else { true } }
}
