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
        until test -e f; do sleep 0.1; done; cat f; grep -c "made anew" $MNT/.beray/errors
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

  @Test func gitWorksOnAFullServer() async throws {
    try await withBed(.local) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        set -e
        # Maintenance in the background would still write while the repository is removed.
        export GIT_CONFIG_COUNT=4 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=T GIT_CONFIG_KEY_1=user.email \
          GIT_CONFIG_VALUE_1=t@example.com GIT_CONFIG_KEY_2=init.defaultBranch GIT_CONFIG_VALUE_2=main \
          GIT_CONFIG_KEY_3=maintenance.auto GIT_CONFIG_VALUE_3=false
        cd 1/files; work=$DIR/data/tasks/1/work
        git init -q r; cd r
        mkdir src; for i in $(seq 20); do echo $i > src/$i; done; echo '#!/bin/sh' > run; chmod +x run
        git add . && git commit -qm one; git status --porcelain
        git mv src/1 src/one; git rm -q src/2; echo more >> src/3; git commit -qam two; git gc -q; git fsck --strict 2>&1
        cd ..; git clone -q r c; diff -r --exclude=.git r c && git -C c log --format=%s
        git -C $work/r -c safe.directory='*' status --porcelain; git -C $work/r -c safe.directory='*' log --format=%s
        stat -c %A $work/r/run; find . $work -name '*.lock' -o -name 'tmp_*'
        rm -rf r c; ls -A . $work | grep -v : | tr -d '\\n'
        """, timeout: 120)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == "two\none\ntwo\none\n-rwxr-xr-x\n", "\(result.output) \(result.errors)")
    }
  }

  /// Of a repository that a program works on at either side, the other keeps off.
  @Test func gitLocksHoldOnBothSides() async throws {
    try await withBed(.local) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        export GIT_CONFIG_COUNT=3 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=T GIT_CONFIG_KEY_1=user.email \
          GIT_CONFIG_VALUE_1=t@example.com GIT_CONFIG_KEY_2=safe.directory GIT_CONFIG_VALUE_2='*'
        cd 1/files; git init -q r; work=$DIR/\(Bed.Server.local.work)/r; cd r
        echo 1 > x; git add x; git commit -qm one; ls -lA .git > /dev/null
        echo '# there'; touch $work/.git/index.lock; echo 2 > x; git add x 2>&1 | grep -o "index.lock': File exists"
        test -f $work/.git/index.lock && rm $work/.git/index.lock && echo refresh > $MNT/1/ctl && git add x && echo added; echo 3 > x
        echo '# here'; GIT_EDITOR="sh -c 'touch $DIR/in; until test -e $DIR/out; do sleep 0.1; done; echo two > \\$1' -" \
          git commit -qa & commit=$!
        until test -e $DIR/in; do sleep 0.1; done
        git -C $work add x 2>&1 | grep -o "index.lock': File exists"; touch $DIR/out; wait $commit; echo $?
        echo '# a reference'
        python3 - $work <<'PY'
        import os, subprocess, sys
        lock = os.open(".git/refs/heads/t.lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        there = subprocess.run(["git", "-C", sys.argv[1], "update-ref", "refs/heads/t", "HEAD"], capture_output=True, text=True)
        print(there.returncode, "t.lock': File exists" in there.stderr)
        os.close(lock); os.unlink(".git/refs/heads/t.lock")
        PY
        git -C $work update-ref refs/heads/t HEAD; echo $?; git -C $work log --format=%s; find $work -name '*.lock'
        """, timeout: 60)
      #expect(
        result.output == """
          # there
          index.lock': File exists
          added
          # here
          index.lock': File exists
          0
          # a reference
          128 True
          0
          two
          one

          """, "\(result.output) \(result.errors)")
    }
  }

  /// What neither removes nor replaces a file that is stored works there too, and leaves nothing that it did not mean to.
  @Test func gitMakeAndSQLiteWriteOnABareServer() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        export GIT_CONFIG_COUNT=4 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=T GIT_CONFIG_KEY_1=user.email \
          GIT_CONFIG_VALUE_1=t@example.com GIT_CONFIG_KEY_2=safe.directory GIT_CONFIG_VALUE_2='*' \
          GIT_CONFIG_KEY_3=init.defaultBranch GIT_CONFIG_VALUE_3=main
        cd 1/files; work=$DIR/bare/1
        git init -q r && cd r && echo 1 > x && git add x && git commit -qm one && git status --porcelain
        echo 2 > x && git commit -qam two && git log --format=%s && git fsck --strict; echo $?
        cd ..; git clone -q r c; echo $?; git -C c log --format=%s; cat c/x
        git -C r rm -q x 2>&1 | grep -o 'Operation not permitted'; cat $work/r/x
        # What it packs stays beside the pack: the server cannot remove it.
        git -C r gc -q 2>&1 | grep -o 'unable to unlink.*: Operation not permitted' | sed "s/ '.*'//" | sort -u
        git -C r fsck --strict; echo $?
        sqlite3 db 'create table t(x); insert into t values(1), (2)' && sqlite3 $work/db 'select sum(x) from t'
        sqlite3 db 'begin; insert into t values(10); rollback; insert into t values(4); select sum(x) from t'
        printf 'all: a\\na: b\\n\\tcp b a\\n' > Makefile; echo b > b; make -s && make -q && cat $work/a
        """, timeout: 60)
      #expect(
        result.output == """
          two
          one
          0
          0
          two
          one
          2
          Operation not permitted
          2
          unable to unlink: Operation not permitted
          0
          3
          7
          b

          """, "\(result.output) \(result.errors)")
      try await bed.endMount()
      // The server has what git has, and none of what git and SQLite remove again.
      let left = try await bed.sh(
        """
        cd $DIR/bare/1; git -C r -c safe.directory='*' status --porcelain; git -C r -c safe.directory='*' log --format=%s
        find . -name '*.lock' -o -name 'tmp_*' -o -name '*.new' -o -path './db?*' -o -path '*/.git/t??????'
        ls r/.git/objects/pack/*.pack | wc -l
        """)
      #expect(left.output == "two\none\n1\n", "\(left.output) \(left.errors)")
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
